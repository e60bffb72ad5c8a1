# `cmake --install`: the program, its plug-ins and configurations, and the library for
# find_package(accumbens). The folders may be moved together afterwards.
include(CMakePackageConfigHelpers)
set(rooms core config envs replay networks losses agents run app)

# all rooms as one thing to link; programs find the plug-ins through their run path
add_library(accumbens_library INTERFACE)
add_library(accumbens::accumbens ALIAS accumbens_library)
target_link_libraries(accumbens_library INTERFACE accumbens_app)
target_link_options(accumbens_library INTERFACE
  $<INSTALL_INTERFACE:LINKER:-rpath,$<INSTALL_PREFIX>/lib/accumbens>)
set_target_properties(accumbens_library PROPERTIES EXPORT_NAME accumbens)
set(targets accumbens_library)
foreach(room ${rooms})
  set_target_properties(accumbens_${room} PROPERTIES EXPORT_NAME ${room})
  list(APPEND targets accumbens_${room})
endforeach()
install(TARGETS ${targets} EXPORT accumbens ARCHIVE DESTINATION lib)
install(DIRECTORY src/accumbens DESTINATION include FILES_MATCHING PATTERN *.h)

# the program and its plug-ins find LibTorch and Python where they are found now; of folders in the
# source tree, such as .venv, CMake has to be told
set_target_properties(accumbens PROPERTIES INSTALL_RPATH ${TORCH_INSTALL_PREFIX}/lib)
install(TARGETS accumbens RUNTIME DESTINATION bin)
get_property(plugins GLOBAL PROPERTY accumbens_plugins)
foreach(plugin ${plugins})
  set_target_properties(${plugin} PROPERTIES INSTALL_RPATH_USE_LINK_PATH TRUE)
  install(TARGETS ${plugin} LIBRARY DESTINATION lib/accumbens)
endforeach()
# examples refer to ../../configs
install(DIRECTORY configs examples DESTINATION share/accumbens)

# the package
set(package lib/cmake/accumbens)
install(EXPORT accumbens NAMESPACE accumbens:: FILE accumbens-targets.cmake DESTINATION ${package})
configure_package_config_file(cmake/accumbens-config.cmake.in
                              ${CMAKE_BINARY_DIR}/accumbens-config.cmake
                              INSTALL_DESTINATION ${package})
write_basic_package_version_file(${CMAKE_BINARY_DIR}/accumbens-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/accumbens-config.cmake
        ${CMAKE_BINARY_DIR}/accumbens-config-version.cmake cmake/torch.cmake
        DESTINATION ${package})
