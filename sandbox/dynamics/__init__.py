"""A simulated Dataverse environment: the Web API as an application uses it, and a page on which sellers act."""

from sandbox.dynamics.service import HOST, Dynamics
from sandbox.dynamics.switches import Switches

__all__ = ["HOST", "Dynamics", "Switches"]
