"""The engine on this machine: an AWS emulator in a process of its own, with the real app deployed into it.

commands → up/down → engine (the process) · cdk or fast (the deployment) · seed (partner and secrets) → state
"""
