# LibTorch from the torch wheel of .venv, or from CMAKE_PREFIX_PATH (the LibTorch zip). Installed
# with the library, whose package looks first where the library was built (torch_hint).
#
# The target is made by hand: TorchConfig.cmake of a CUDA build stops without the CUDA toolkit,
# which nothing here needs, as only torch's own headers and libraries are used.
# Sets TORCH_INSTALL_PREFIX (holds include/ and lib/) and the target torch.

# CMAKE_PREFIX_PATH wins over the wheel, the wheel over the system
file(GLOB wheel_include ${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch/include)
find_path(TORCH_INCLUDE_DIR torch/csrc/api/include/torch/torch.h
          HINTS ${torch_hint} ${wheel_include})
if(NOT TORCH_INCLUDE_DIR)
  message(FATAL_ERROR "LibTorch not found: run ./run.sh once, which installs the torch wheel into "
                      ".venv, or pass -DCMAKE_PREFIX_PATH=/path/to/libtorch")
endif()
get_filename_component(TORCH_INSTALL_PREFIX ${TORCH_INCLUDE_DIR} DIRECTORY)
file(STRINGS ${TORCH_INCLUDE_DIR}/torch/headeronly/version.h torch_version REGEX "\"[0-9.]+\"")
string(REGEX REPLACE "[^0-9.]" "" torch_version "${torch_version}")

# libraries of every build
set(torch_libraries)
foreach(name torch torch_cpu c10)
  set(library ${TORCH_INSTALL_PREFIX}/lib/lib${name}.so)
  if(NOT EXISTS ${library})
    message(FATAL_ERROR "LibTorch in ${TORCH_INSTALL_PREFIX} lacks lib/lib${name}.so: install its "
                        "shared build")
  endif()
  list(APPEND torch_libraries ${library})
endforeach()

# no symbol of the CUDA libraries is named here, yet loading them is what brings the GPU
set(torch_device CPU)
if(EXISTS ${TORCH_INSTALL_PREFIX}/lib/libtorch_cuda.so)
  set(torch_device CUDA)
  list(APPEND torch_libraries ${TORCH_INSTALL_PREFIX}/lib/libc10_cuda.so
       -Wl,--push-state,--no-as-needed,${TORCH_INSTALL_PREFIX}/lib/libtorch_cuda.so,--pop-state)
endif()

# its headers run loops on several threads only where OpenMP is on, and its threads are to be the only
# ones: its own runtime is linked, where it has one (ThreadSanitizer does not understand either)
set(torch_options)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT ACCUMBENS_SANITIZE MATCHES "thread")
  set(torch_options $<$<COMPILE_LANGUAGE:CXX>:-fopenmp>)
  file(GLOB torch_openmp ${TORCH_INSTALL_PREFIX}/lib/libgomp*.so*)
  if(NOT torch_openmp)
    set(torch_openmp -fopenmp)
  endif()
  list(APPEND torch_libraries ${torch_openmp})
endif()

# the definitions its libraries were built with: some classes differ without them
add_library(torch INTERFACE IMPORTED)
set_target_properties(torch PROPERTIES
  INTERFACE_COMPILE_DEFINITIONS "USE_DISTRIBUTED;USE_C10D_GLOO;USE_RPC;USE_TENSORPIPE"
  INTERFACE_COMPILE_OPTIONS "${torch_options}"
  INTERFACE_INCLUDE_DIRECTORIES
  "${TORCH_INCLUDE_DIR};${TORCH_INCLUDE_DIR}/torch/csrc/api/include"
  INTERFACE_LINK_LIBRARIES "${torch_libraries}")
message(STATUS "LibTorch ${torch_version} (${torch_device}): ${TORCH_INSTALL_PREFIX}")
