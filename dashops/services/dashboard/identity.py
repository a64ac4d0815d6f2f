"""Who a visitor is: one account with a generated password; each login is a viewer of its own."""

import hmac
import uuid
from typing import Any

from jupyter_server.auth import IdentityProvider, User
from tornado import web
from traitlets import Unicode

DAYS = 1  # how long a login lasts


class Account(IdentityProvider):
    """Logs in one shared account. The cookie is signed and holds the id of this login only."""

    user = Unicode(config=True)
    password = Unicode(config=True)

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        # Cookies know no ports: two servers on one machine must not log each other out.
        self.cookie_name = f"dashops-{self.parent.dashops.port}"
        self.token = ""  # Jupyter's token in the URL would be a second way in
        self.cookie_options = {"samesite": "Lax", "expires_days": DAYS}
        self.get_secure_cookie_kwargs = {"max_age_days": DAYS}

    def process_login_form(self, handler: web.RequestHandler) -> User | None:
        """The viewer who typed the right name and password, else ``None``."""
        name = handler.get_body_argument("username", default="").encode()
        password = handler.get_body_argument("password", default="").encode()
        right_name = hmac.compare_digest(name, self.user.encode())
        right_password = hmac.compare_digest(password, self.password.encode())
        if not (right_name and right_password):
            return None
        return User(username=uuid.uuid4().hex, name=self.user, display_name=self.user)
