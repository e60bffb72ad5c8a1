find_package(GTest REQUIRED)
include(GoogleTest)

# tests mirror src/: one program per room
function(accumbens_room_tests name)
  cmake_parse_arguments(ROOM "NO_PCH" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS tests/${name}/*_test.cpp)
  if(NOT sources)
    return()
  endif()
  add_executable(${name}_tests ${sources})
  target_include_directories(${name}_tests PRIVATE tests)
  target_link_libraries(${name}_tests PRIVATE ${ROOM_LINKS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name}_tests PRIVATE
    ACCUMBENS_SOURCE_DIR="${CMAKE_SOURCE_DIR}" ACCUMBENS_BINARY_DIR="${CMAKE_BINARY_DIR}")
  # a fifth less to wait for; what lies in .cpp files of src/ is compiled as ever
  target_compile_options(${name}_tests PRIVATE $<$<CONFIG:Release>:-O1>)
  if(name STREQUAL "core")
    # the headers of src/ and Google's
    get_target_property(headers accumbens_core PRECOMPILE_HEADERS)
    target_precompile_headers(core_tests PRIVATE ${headers} <gmock/gmock.h>)
  elseif(NOT ROOM_NO_PCH)
    target_precompile_headers(${name}_tests REUSE_FROM core_tests)
  endif()
  set_target_properties(${name}_tests PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
  gtest_discover_tests(${name}_tests TEST_PREFIX ${name}. DISCOVERY_TIMEOUT 60
    PROPERTIES TIMEOUT 600)
endfunction()

accumbens_room_tests(core LINKS accumbens_core)
# early, so that its long tests are not the last ones, beside which nothing is left to run
accumbens_room_tests(app LINKS accumbens_app)
accumbens_room_tests(config NO_PCH LINKS accumbens_config)
accumbens_room_tests(envs LINKS accumbens_envs)
if(ale_FOUND)
  set_source_files_properties(tests/envs/emulator_test.cpp PROPERTIES
    COMPILE_DEFINITIONS ACCUMBENS_ROM_DIR="${ale_roms}")
endif()
accumbens_room_tests(replay LINKS accumbens_replay)
accumbens_room_tests(networks LINKS accumbens_networks)
accumbens_room_tests(losses LINKS accumbens_losses)
accumbens_room_tests(agents LINKS accumbens_agents)
accumbens_room_tests(run LINKS accumbens_run)

# the installed tree, and a project that uses it
if(NOT ACCUMBENS_SANITIZE)
  add_test(NAME install.consume COMMAND ${CMAKE_COMMAND}
    -D build=${CMAKE_BINARY_DIR} -D folder=${CMAKE_BINARY_DIR}/tests/install
    -D version=${PROJECT_VERSION} -D generator=${CMAKE_GENERATOR} -D compiler=${CMAKE_CXX_COMPILER}
    -P ${CMAKE_SOURCE_DIR}/tests/install/consume.cmake)
  set_tests_properties(install.consume PROPERTIES TIMEOUT 600)
endif()

# the reference of the headers: a warning of Doxygen's is an error
if(TARGET docs)
  add_test(NAME docs.reference COMMAND ${DOXYGEN_EXECUTABLE} ${CMAKE_BINARY_DIR}/Doxyfile)
endif()

# links of the pages, to lines of the code too
if(Python3_Interpreter_FOUND)
  add_test(NAME docs.links
    COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/tests/docs/check_links.py)
endif()
