# the Arcade Learning Environment through ale-py in an embedded interpreter: a plug-in, loaded only
# when an Atari environment is asked for
file(GLOB plugin_source src/accumbens/envs/atari/*_plugin.cpp)
if(NOT plugin_source)
  return()
endif()
if(NOT Python3_EXECUTABLE AND EXISTS ${CMAKE_SOURCE_DIR}/.venv/bin/python)
  set(Python3_EXECUTABLE ${CMAKE_SOURCE_DIR}/.venv/bin/python)
endif()
find_package(Python3 COMPONENTS Interpreter Development.Embed)
if(NOT Python3_FOUND)
  message(STATUS "no Python to embed: building without Atari environments")
  return()
endif()

# pybind11's headers come with torch; the plug-in itself does not use torch
add_library(accumbens_ale MODULE ${plugin_source})
target_include_directories(accumbens_ale PRIVATE src)
target_include_directories(accumbens_ale SYSTEM PRIVATE ${TORCH_INSTALL_PREFIX}/include)
target_link_libraries(accumbens_ale PRIVATE Python3::Python)
target_compile_definitions(accumbens_ale PRIVATE ACCUMBENS_PYTHON="${Python3_EXECUTABLE}")
set_target_properties(accumbens_ale PROPERTIES CXX_VISIBILITY_PRESET hidden PREFIX ""
                      LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})

# whoever builds the environments gets the plug-in with them
add_dependencies(accumbens_envs accumbens_ale)
