# Tests of problems, linear systems and solvers.
marq_test(unit_kernels)

# One model in every dress that a problem can wear, and linear problems with a matrix at will.
add_library(marq_waves STATIC waves.c linear.c)
target_link_libraries(marq_waves PUBLIC marq_test_support)
function(marq_solver_test name)
  marq_test(${name})
  target_link_libraries(${name} PRIVATE marq_waves marq_reference_problems)
  target_include_directories(${name} PRIVATE ${PROJECT_SOURCE_DIR})
endfunction()
marq_solver_test(contract_problem)
marq_solver_test(contract_linsys)
marq_solver_test(reference_nist)
marq_solver_test(reference_mgh)
