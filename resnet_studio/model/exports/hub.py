"""A Hugging Face folder goes to the Hub under the user's own token, when asked and never otherwise."""

from __future__ import annotations

from pathlib import Path

from resnet_studio.errors import ExportError

FORMAT = "huggingface"


def token_of(token: str | None = None) -> str:
    """``token``, else that of ``HF_TOKEN`` or of ``hf auth login``. Raises :class:`ExportError` where there is none."""
    from huggingface_hub import get_token

    if not (found := token or get_token()):
        raise ExportError("error.export.no_token")
    return found


def push(folder: Path, repository: str, *, public: bool = False, token: str | None = None) -> str:
    """Upload the exported ``folder`` to the model repository ``repository``, such as ``ada/cups``, which is made where
    there is none, private unless ``public``; its address. Raises :class:`ExportError` with what the Hub says.
    """
    from huggingface_hub import HfApi
    from huggingface_hub.errors import HFValidationError

    hub = HfApi(token=token_of(token))
    try:
        made = hub.create_repo(repository, private=not public, exist_ok=True)
        hub.upload_folder(repo_id=made.repo_id, folder_path=folder, commit_message="From ResNet Studio")
    except HFValidationError as error:
        raise ExportError("error.export.repository", name=repository) from error
    except Exception as error:  # the classes of what the connection lacks differ by the client's version
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ExportError("error.export.push", name=repository, reason=reason[0]) from error
    return str(made)
