# the examples, built here against the library's own targets
foreach(example custom_agent custom_environment custom_network)
  add_subdirectory(examples/${example})
  target_precompile_headers(${example} REUSE_FROM accumbens_core)
  set_target_properties(${example} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
endforeach()

# each of their experiments trains for some hundred agent steps
function(accumbens_example_test example experiment)
  add_test(NAME examples.${experiment} COMMAND ${CMAKE_COMMAND}
    -D program=$<TARGET_FILE:${example}>
    -D config=${CMAKE_SOURCE_DIR}/examples/${example}/${experiment}.gin
    -D folder=${CMAKE_BINARY_DIR}/tests/examples/${experiment}
    -P ${CMAKE_SOURCE_DIR}/tests/examples/train.cmake)
  set_tests_properties(examples.${experiment} PROPERTIES TIMEOUT 300)
endfunction()
if(ACCUMBENS_TESTS)
  accumbens_example_test(custom_agent dqn)
  accumbens_example_test(custom_agent repeating)
  accumbens_example_test(custom_agent softmax_dqn)
  accumbens_example_test(custom_environment catch)
  accumbens_example_test(custom_network dueling)
endif()
