# Tests of problems, linear systems and solvers.
marq_test(unit_kernels)
