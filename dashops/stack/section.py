"""What all sections of a stack file are; knows none of them."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """Settings that are read once and never change; a key nobody knows is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
