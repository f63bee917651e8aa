# The installed package: headers, share/cmake/fitnas, share/pkgconfig/fitnas.pc.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(fitnas_cmake_dir "${CMAKE_INSTALL_DATAROOTDIR}/cmake/fitnas")
set(fitnas_source_dir "${CMAKE_INSTALL_DATAROOTDIR}/fitnas") # of the file that users of fitnas::compiled compile

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/fitnasConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/package/fitnasConfig.cmake" INSTALL_DESTINATION "${fitnas_cmake_dir}"
                              PATH_VARS fitnas_source_dir)
write_basic_package_version_file("${PROJECT_BINARY_DIR}/package/fitnasConfigVersion.cmake"
                                 COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)

# pkg-config: packages where they have a .pc file, flags elsewhere. xtensor-blas has no .pc file and needs none.
set(fitnas_pc_requires xtensor)
set(fitnas_pc_libs "")
set(fitnas_pc_cflags "")
find_program(FITNAS_PKG_CONFIG pkg-config)
set(fitnas_openblas_pc 1)
if(FITNAS_PKG_CONFIG AND fitnas_blas MATCHES "openblas")
  execute_process(COMMAND "${FITNAS_PKG_CONFIG}" --exists openblas RESULT_VARIABLE fitnas_openblas_pc ERROR_QUIET)
endif()
if(fitnas_openblas_pc EQUAL 0)
  list(APPEND fitnas_pc_requires openblas)
else()
  set(fitnas_pc_blas ${LAPACK_LIBRARIES} ${BLAS_LIBRARIES})
  list(REMOVE_DUPLICATES fitnas_pc_blas)
  list(APPEND fitnas_pc_libs ${fitnas_pc_blas})
endif()
foreach(library zlib jpeg png)
  if(fitnas_with_${library})
    set(package ${library})
    if(NOT library STREQUAL "zlib")
      set(package lib${library})
    endif()
    string(TOUPPER ${library} macro)
    list(APPEND fitnas_pc_requires ${package})
    list(APPEND fitnas_pc_cflags -DFITNAS_HAS_${macro}=1)
  endif()
endforeach()
if(fitnas_with_openmp)
  # Not what FindOpenMP found for this compiler: clang's `-fopenmp=libomp` means nothing to g++.
  list(APPEND fitnas_pc_cflags -fopenmp)
  list(APPEND fitnas_pc_libs -fopenmp)
endif()
foreach(list fitnas_pc_requires fitnas_pc_libs fitnas_pc_cflags)
  list(JOIN ${list} " " ${list})
endforeach()
foreach(package fitnas fitnas-compiled)
  configure_file("${PROJECT_SOURCE_DIR}/cmake/${package}.pc.in" "${PROJECT_BINARY_DIR}/package/${package}.pc" @ONLY)
endforeach()

set(fitnas_component COMPONENT fitnas_development)
install(TARGETS fitnas EXPORT fitnasTargets ${fitnas_component})
install(EXPORT fitnasTargets NAMESPACE fitnas:: DESTINATION "${fitnas_cmake_dir}" ${fitnas_component})
install(FILES "${PROJECT_BINARY_DIR}/package/fitnasConfig.cmake" "${PROJECT_BINARY_DIR}/package/fitnasConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/fitnas_compiled.cmake"
        DESTINATION "${fitnas_cmake_dir}" ${fitnas_component})
install(FILES "${PROJECT_BINARY_DIR}/package/fitnas.pc" "${PROJECT_BINARY_DIR}/package/fitnas-compiled.pc"
        DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/pkgconfig" ${fitnas_component})
install(FILES "${PROJECT_SOURCE_DIR}/src/fitnas.cpp" DESTINATION "${fitnas_source_dir}" ${fitnas_component})
install(DIRECTORY "${fitnas_interface_dir}/fitnas" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}" ${fitnas_component}
        FILES_MATCHING PATTERN "*.hpp")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DATAROOTDIR}/doc/fitnas" ${fitnas_component})
