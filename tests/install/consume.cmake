# Installs the build in `build` below `folder`, moves the installed tree, and checks that its program
# runs there and that a project of its own (examples/custom_environment) builds and runs with it.
file(REMOVE_RECURSE ${folder})
set(prefix ${folder}/moved)
set(train train --gin_bindings "Runner.training_steps = 300" "Runner.num_iterations = 1"
    "DQNAgent.min_replay_history = 100" "Runner.num_threads = 1")

# runs a command, whose output must match
function(expect regex)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE code OUTPUT_VARIABLE output
                  ERROR_VARIABLE output)
  message("${output}")
  if(NOT code EQUAL 0 OR NOT output MATCHES "${regex}")
    message(FATAL_ERROR "'${ARGN}' ended with ${code}, or its output lacks '${regex}'")
  endif()
endfunction()

expect("Installing" ${CMAKE_COMMAND} --install ${build} --prefix ${folder}/installed)
file(RENAME ${folder}/installed ${prefix})

# the program finds its own configurations, and its plug-ins if there are any
set(program ${prefix}/bin/accumbens)
expect("accumbens ${version}" ${program} --version)
expect("${prefix}/share/accumbens/configs/dopamine/dqn.gin" ${program} list configs)
expect("done" ${program} ${train} --base_dir ${folder}/run
       --gin_files ${prefix}/share/accumbens/configs/dopamine/dqn_cartpole.gin)

# a project of its own
set(example ${prefix}/share/accumbens/examples/custom_environment)
expect("Generating done" ${CMAKE_COMMAND} -S ${example} -B ${folder}/build -G ${generator}
       -D CMAKE_BUILD_TYPE=Release -D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_CXX_COMPILER=${compiler})
expect("custom_environment" ${CMAKE_COMMAND} --build ${folder}/build)
set(program ${folder}/build/custom_environment)
expect("done" ${program} ${train} --base_dir ${folder}/own --gin_files ${example}/catch.gin)
if(EXISTS ${prefix}/lib/accumbens/accumbens_mujoco.so)
  expect("HalfCheetah" ${prefix}/bin/accumbens list environments)
  expect("HalfCheetah" ${program} list environments)
endif()
if(EXISTS ${prefix}/lib/accumbens/accumbens_python.so)
  expect("Pong" ${prefix}/bin/accumbens list environments)
  expect("Pong" ${program} list environments)
endif()
