"""What the parameters of the flow may be; what they mean stands in the flow's docstring, where Prefect looks for it."""

from datetime import date
from typing import Annotated

from pydantic import Field

from training.candidates import CandidateName

Since = date | None
Seed = Annotated[int, Field(ge=0, lt=2**31)]
Share = Annotated[float, Field(ge=0, le=1)]
Candidates = Annotated[tuple[CandidateName, ...], Field(min_length=1)]
Probability = Annotated[float, Field(gt=0, lt=1)]
Margin = Annotated[float, Field(ge=0, le=1)]
