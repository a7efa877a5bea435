"""The policy-value network as an RLModule, so that RLlib's Learner, checkpoints and tools know it."""

from typing import Any

import torch
from ray.rllib.core import DEFAULT_MODULE_ID
from ray.rllib.core.columns import Columns
from ray.rllib.core.rl_module.apis.value_function_api import ValueFunctionAPI
from ray.rllib.core.rl_module.torch.torch_rl_module import TorchRLModule

from agents.league import LeagueSettings
from agents.network import PolicyValueNetwork
from agents.rollouts import ILLEGAL_LOGIT, Weights

MASK = "action_mask"  # the column of legal actions in a batch
PREFIX = "network."  # the module's parameters are the network's with this before their names


class PolicyValueModule(TorchRLModule, ValueFunctionAPI):
    """`model_config["network"]` is PolicyValueNetwork's config. Batches hold OBS and, where needed, MASK [B, A] bool.

    It does not implement InferenceOnlyAPI: RLlib would drop the critic on the runners, which compute the advantages.
    """

    def setup(self) -> None:
        self.network = PolicyValueNetwork(**self.model_config["network"])

    def _forward(self, batch: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        logits, value = self.network(batch[Columns.OBS])
        if MASK in batch:
            logits = logits.masked_fill(~batch[MASK].bool(), ILLEGAL_LOGIT)
        return {Columns.ACTION_DIST_INPUTS: logits, Columns.VF_PREDS: value}

    def compute_values(self, batch: dict[str, Any], embeddings: Any = None) -> torch.Tensor:
        return self.network(batch[Columns.OBS])[1]


def weights_of(module: PolicyValueModule) -> Weights:
    """The network's parameters as float32 arrays by name, copied."""
    return {name: value.detach().cpu().numpy().copy() for name, value in module.network.state_dict().items()}


def module_ids(league: LeagueSettings) -> list[str]:
    """RLlib's name for the module of each learner; the first one's is its default."""
    return [DEFAULT_MODULE_ID, *league.names[1:]]
