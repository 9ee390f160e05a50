# What is installed: the shared and the static library, the headers, the command, its manual pages, a CMake package and a
# pkg-config file. The package can be moved as a whole: neither file names the prefix.
include(CMakePackageConfigHelpers)

# One compilation serves both libraries; tests and the command link the static one, whose private symbols they may see.
set(marq_objects $<TARGET_OBJECTS:marq>)
foreach(isa generic avx2 avx512)
  if(TARGET marq_kernels_${isa})
    list(APPEND marq_objects $<TARGET_OBJECTS:marq_kernels_${isa}>)
  endif()
endforeach()
add_library(marq_shared SHARED ${marq_objects})
get_target_property(marq_libraries marq LINK_LIBRARIES)
target_link_libraries(marq_shared PRIVATE ${marq_libraries})
target_include_directories(marq_shared INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set_target_properties(marq_shared PROPERTIES
  OUTPUT_NAME marq EXPORT_NAME marq LINKER_LANGUAGE C
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR})
# A symbol that no library defines is an error now, not in the user's program.
target_link_options(marq_shared PRIVATE LINKER:--as-needed)
if(NOT MARQ_SANITIZE)
  target_link_options(marq_shared PRIVATE LINKER:--no-undefined)
endif()
add_library(marq::marq ALIAS marq_shared)

install(TARGETS marq_shared EXPORT marqTargets
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS marq ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/marq DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
if(TARGET marq_command)
  # Where people and scripts find it in a build: BUILD/marq.
  set_target_properties(marq_command PROPERTIES OUTPUT_NAME marq RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  install(TARGETS marq_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
file(GLOB marq_manual_pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/*.1 ${PROJECT_SOURCE_DIR}/docs/man/*.1)
if(marq_manual_pages)
  install(FILES ${marq_manual_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()

set(marq_package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/marq)
install(EXPORT marqTargets NAMESPACE marq:: DESTINATION ${marq_package_dir})
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/marqConfig.cmake.in ${PROJECT_BINARY_DIR}/marqConfig.cmake
  INSTALL_DESTINATION ${marq_package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/marqConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/marqConfig.cmake ${PROJECT_BINARY_DIR}/marqConfigVersion.cmake
  DESTINATION ${marq_package_dir})

# pkg-config: folders relative to the file itself, unless the packager gave absolute ones.
if(IS_ABSOLUTE ${CMAKE_INSTALL_LIBDIR} OR IS_ABSOLUTE ${CMAKE_INSTALL_INCLUDEDIR})
  set(MARQ_PC_PREFIX ${CMAKE_INSTALL_PREFIX})
  set(MARQ_PC_LIBDIR ${CMAKE_INSTALL_FULL_LIBDIR})
  set(MARQ_PC_INCLUDEDIR ${CMAKE_INSTALL_FULL_INCLUDEDIR})
else()
  file(RELATIVE_PATH marq_up /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  string(REGEX REPLACE "/$" "" marq_up "${marq_up}")
  set(MARQ_PC_PREFIX "\${pcfiledir}/${marq_up}")
  set(MARQ_PC_LIBDIR "\${prefix}/${CMAKE_INSTALL_LIBDIR}")
  set(MARQ_PC_INCLUDEDIR "\${prefix}/${CMAKE_INSTALL_INCLUDEDIR}")
endif()

# What a static link of libmarq.a needs. GSL calls CBLAS: before the BLAS, and never with its gslcblas. All are plain
# libraries, not Requires.private, for which pkg-config would ask even when linking the shared library.
set(MARQ_PC_LIBS_PRIVATE "")
foreach(library ${MARQ_GSL_LIBRARY} ${MARQ_LAPACKE_LIBRARY} ${MARQ_LAPACK_LIBRARY} ${MARQ_SLEEF_LIBRARY}
    ${MARQ_CERF_LIBRARY})
  get_filename_component(name ${library} NAME_WE)
  string(REGEX REPLACE "^lib" "" name ${name})
  string(APPEND MARQ_PC_LIBS_PRIVATE "-l${name} ")
endforeach()
if(OpenMP_C_FOUND)
  string(APPEND MARQ_PC_LIBS_PRIVATE "${OpenMP_C_FLAGS} ")
endif()
string(APPEND MARQ_PC_LIBS_PRIVATE "-lm")
configure_file(${CMAKE_CURRENT_LIST_DIR}/marq.pc.in ${PROJECT_BINARY_DIR}/marq.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/marq.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
