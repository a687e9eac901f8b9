"""The site: every model, every move of its champion, and who made it, as pages that need no server."""

from gates.render.site.pages import Model, Move, Waived, index, model

__all__ = ["Model", "Move", "Waived", "index", "model"]
