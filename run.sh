#!/usr/bin/env bash
# One command from a fresh machine to an agent that learns; see --help.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

usage() {
  cat << 'END'
usage: ./run.sh [GAME] [further arguments for train]

Installs what is missing, builds, and trains DQN on GAME, with live progress, into
runs/<game>-dqn. A run that was stopped goes on from its last checkpoint.

  ./run.sh              Pong, as in Dopamine (configs/dopamine/dqn.gin)
  ./run.sh Breakout     any other Atari game
  ./run.sh CartPole     solved in about a minute (configs/quickstart/cartpole.gin)
  ./run.sh Acrobot      as in Dopamine (configs/dopamine/dqn_acrobot.gin)

Further arguments go to `accumbens train`, for example
  ./run.sh Pong --base_dir runs/slow --gin_bindings "create_optimizer.learning_rate = 1e-5"

environment: ACCUMBENS_TORCH=cpu|cuda|auto chooses the build of torch. auto, the default, takes
CUDA where nvidia-smi works, and keeps what .venv has once that is made.
END
}

game=Pong
case ${1:-} in
  -h | --help)
    usage
    exit 0
    ;;
  -* | '') ;;
  *)
    game=$1
    shift
    ;;
esac

# the experiment
name=${game,,}
case $name in
  cartpole) experiment=(--gin_files configs/quickstart/cartpole.gin) ;;
  acrobot) experiment=(--gin_files configs/dopamine/dqn_acrobot.gin) ;;
  *)
    experiment=(--gin_files configs/dopamine/dqn.gin
                --gin_bindings "create_atari_environment.game_name = '$game'")
    ;;
esac

# where it goes, unless the further arguments say so
case " $*" in
  *" --base_dir"*) ;;
  *) experiment+=(--base_dir "runs/$name-dqn") ;;
esac

source scripts/setup.sh
setup
build accumbens
exec $build_dir/accumbens train "${experiment[@]}" "$@"
