# finds LibTorch: CMAKE_PREFIX_PATH (the LibTorch zip, conda), else the torch wheel of .venv
if(NOT Torch_DIR AND NOT CMAKE_PREFIX_PATH)
  file(GLOB wheel_torch ${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch/share/cmake/Torch)
  if(wheel_torch)
    list(GET wheel_torch 0 Torch_DIR)
    set(Torch_DIR ${Torch_DIR} CACHE PATH "where TorchConfig.cmake lies")
  endif()
endif()
find_package(Torch REQUIRED)
