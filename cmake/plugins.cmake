# Plug-ins: shared libraries that the program loads only when something asks for what is in them
# (src/accumbens/envs/plugin.h). They themselves do not use torch.
function(accumbens_plugin name)
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/accumbens/envs/${name}/*.cpp)
  set(plugin accumbens_${name})
  add_library(${plugin} MODULE ${sources})
  target_include_directories(${plugin} PRIVATE src)
  set_target_properties(${plugin} PROPERTIES CXX_VISIBILITY_PRESET hidden PREFIX ""
                        LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  # whoever builds the environments gets the plug-ins with them
  add_dependencies(accumbens_envs ${plugin})
  set_property(GLOBAL APPEND PROPERTY accumbens_plugins ${plugin})
endfunction()

# accumbens_python: the Arcade Learning Environment through ale-py and any environment of Gymnasium,
# in an embedded interpreter
if(NOT Python3_EXECUTABLE AND EXISTS ${CMAKE_SOURCE_DIR}/.venv/bin/python)
  set(Python3_EXECUTABLE ${CMAKE_SOURCE_DIR}/.venv/bin/python)
endif()
find_package(Python3 COMPONENTS Interpreter Development.Embed)
if(Python3_FOUND)
  accumbens_plugin(python)
  # pybind11's headers come with torch
  target_include_directories(accumbens_python SYSTEM PRIVATE ${TORCH_INSTALL_PREFIX}/include)
  target_link_libraries(accumbens_python PRIVATE Python3::Python)
  target_compile_definitions(accumbens_python PRIVATE ACCUMBENS_PYTHON="${Python3_EXECUTABLE}")
else()
  message(STATUS "no Python to embed: building without Atari and Gymnasium")
endif()

# accumbens_ale: the Arcade Learning Environment's own C++ library where it is installed
# (scripts/install_ale.sh), so that games need no Python and run at the same time on different threads
find_package(ale CONFIG QUIET HINTS ${CMAKE_SOURCE_DIR}/.ale)
if(ale_FOUND)
  accumbens_plugin(ale)
  target_compile_features(accumbens_ale PRIVATE cxx_std_20)
  target_link_libraries(accumbens_ale PRIVATE ale::ale-lib)
  # ale-py has the same names in it
  target_link_options(accumbens_ale PRIVATE LINKER:--exclude-libs,ALL)
  # its headers name each other from the folder above the one that it tells
  get_filename_component(ale_prefix ${ale_DIR}/../../.. ABSOLUTE)
  target_include_directories(accumbens_ale SYSTEM PRIVATE ${ale_prefix}/include)
  set(ale_roms ${ale_prefix}/share/ale/roms)
  target_compile_definitions(accumbens_ale PRIVATE ACCUMBENS_ROM_DIR="${ale_roms}")
endif()

# accumbens_mujoco: MuJoCo's own library out of its Python package, with Gymnasium's models
if(Python3_Interpreter_FOUND)
  foreach(package mujoco gymnasium)
    execute_process(
      COMMAND ${Python3_EXECUTABLE} -c "from importlib.util import find_spec
print(find_spec('${package}').submodule_search_locations[0])"
      OUTPUT_VARIABLE ${package}_folder OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  endforeach()
  file(GLOB mujoco_library ${mujoco_folder}/libmujoco.so.*)
endif()
if(mujoco_library)
  accumbens_plugin(mujoco)
  target_include_directories(accumbens_mujoco SYSTEM PRIVATE ${mujoco_folder}/include)
  target_link_libraries(accumbens_mujoco PRIVATE ${mujoco_library})
  target_compile_definitions(accumbens_mujoco PRIVATE
    ACCUMBENS_MUJOCO_ASSETS="${gymnasium_folder}/envs/mujoco/assets")
  set_target_properties(accumbens_mujoco PROPERTIES INSTALL_RPATH ${mujoco_folder})
else()
  message(STATUS "no Python package mujoco: building without MuJoCo's tasks")
endif()
