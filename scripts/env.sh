# What a shell needs to build and run segnet_ros from this checkout. From its root, in any shell:
#
#     . scripts/env.sh
#
# With a ROS sourced before, that one is used; without, the ROS wheels in .venv are.

if [ ! -f package.xml ] || [ ! -f .venv/bin/activate ]; then
  echo "scripts/env.sh: run 'make build', then source this from the root of the checkout" >&2
  return 1
fi

. .venv/bin/activate
if [ -z "${ROS_DISTRO:-}" ]; then
  export AMENT_PREFIX_PATH="$VIRTUAL_ENV" CMAKE_PREFIX_PATH="$VIRTUAL_ENV"
  export ROS_AUTOMATIC_DISCOVERY_RANGE="${ROS_AUTOMATIC_DISCOVERY_RANGE:-LOCALHOST}"
fi
if [ -f install/local_setup.sh ]; then
  . install/local_setup.sh
  PATH="$PWD/install/segnet_ros/lib/segnet_ros:$PATH" # for `segnet` and the nodes by name
fi
