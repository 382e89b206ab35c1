"""What every part of a site's files is: frozen, and nothing in it that nobody knows."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Text = Annotated[str, Field(min_length=1)]


class Part(BaseModel):
    """One mapping of a file; a key it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
