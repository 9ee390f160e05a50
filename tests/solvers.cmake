# Tests of problems, linear systems and solvers.
marq_test(unit_kernels)

# One model in every dress that a problem can wear, and linear problems with a matrix at will.
add_library(marq_waves STATIC waves.c linear.c)
target_link_libraries(marq_waves PUBLIC marq_test_support)
function(marq_solver_test name)
  marq_test(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE marq_waves marq_reference_problems)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
endfunction()
marq_solver_test(contract_problem)
marq_solver_test(contract_subset)
target_link_libraries(contract_subset PRIVATE marq_net_fixture)
marq_solver_test(contract_linsys)
marq_solver_test(unit_auto)
marq_solver_test(property_ridge)
marq_solver_test(reference_nist)
marq_solver_test(reference_mgh)

# The example of solvers/README.md is compiled as it stands there.
set(page ${PROJECT_SOURCE_DIR}/solvers/README.md)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${page})
file(READ ${page} text)
string(REGEX MATCH "```c\n([^`]*)```" found "${text}")
if(NOT found)
  message(FATAL_ERROR "solvers/README.md shows no direction")
endif()
file(GENERATE OUTPUT ${CMAKE_CURRENT_BINARY_DIR}/steepest_descent.c CONTENT "${CMAKE_MATCH_1}")
marq_solver_test(contract_strategy ${CMAKE_CURRENT_BINARY_DIR}/steepest_descent.c)
marq_solver_test(contract_solvers)
marq_solver_test(unit_check_jacobian)
marq_solver_test(unit_differences)
marq_solver_test(convergence_rates)
marq_solver_test(unit_stopping)
marq_solver_test(fault_solvers)
marq_solver_test(fault_solver_memory)
target_link_options(fault_solver_memory PRIVATE -Wl,--wrap=malloc,--wrap=calloc,--wrap=aligned_alloc,--wrap=free)
marq_solver_test(unit_options)


# Bounds and linear constraints.
marq_solver_test(unit_constraints)
marq_solver_test(property_constraints)
target_sources(property_constraints PRIVATE mgh_bounded.c)
target_link_libraries(property_constraints PRIVATE marq_net_fixture)

# The choice of a ridge.
marq_test(unit_regularise)
target_link_libraries(unit_regularise PRIVATE marq_waves)
