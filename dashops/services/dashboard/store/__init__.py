"""What the server keeps: dashboards, their revisions and their files; it knows no HTTP.

dashboards  Store: names, revisions, what each name shows
shown       what each name shows, remembered
records     Revision, Deploy and Token, as the store gives them out
tries       the record of deploys
grants      who may open what
holding     nothing goes while somebody copies
tokens      tokens of programs
decisions   how revisions open
people      who may log in with a password, and who is logged in
retention   which revisions go
copies      what a backup takes out and a restore brings in
rows        rows of a backup, checked
files       the contents of revisions, in a folder
shelf       the same contents elsewhere, by fsspec
database    the database by URL; Unavailable when it does not answer
tables      its tables
migrations  how the tables of an older dashops become those of this one
"""

from dashops.services.dashboard.store.dashboards import Store
from dashops.services.dashboard.store.database import Unavailable
from dashops.services.dashboard.store.records import Deploy, Revision, Token

__all__ = ["Deploy", "Revision", "Store", "Token", "Unavailable"]
