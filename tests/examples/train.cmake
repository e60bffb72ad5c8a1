# Trains with `program` and `config` for two short iterations into `folder`; the second one comes
# after a resumption.
file(REMOVE_RECURSE ${folder})
foreach(iterations 1 2)
  execute_process(
    COMMAND ${program} train --base_dir ${folder} --gin_files ${config}
            --gin_bindings "Runner.training_steps = 300" "Runner.num_iterations = ${iterations}"
            "DQNAgent.min_replay_history = 100" "Runner.num_threads = 1"
    RESULT_VARIABLE code)
  if(NOT code EQUAL 0)
    message(FATAL_ERROR "${program} ended with ${code}")
  endif()
endforeach()

# a head and a row for each iteration
file(STRINGS ${folder}/results.csv rows)
list(LENGTH rows count)
if(NOT count EQUAL 3)
  message(FATAL_ERROR "results.csv has ${count} lines instead of 3")
endif()
