# One line for each file of this folder.
set(marq_solver_sources
  ${PROJECT_SOURCE_DIR}/solvers/registry.c
  ${PROJECT_SOURCE_DIR}/solvers/core.c
  ${PROJECT_SOURCE_DIR}/solvers/active_set.c
  ${PROJECT_SOURCE_DIR}/solvers/constraints.c
  ${PROJECT_SOURCE_DIR}/solvers/scaling.c
  ${PROJECT_SOURCE_DIR}/solvers/controls.c
  ${PROJECT_SOURCE_DIR}/solvers/direction_damped.c
  ${PROJECT_SOURCE_DIR}/solvers/direction_dogleg.c
  ${PROJECT_SOURCE_DIR}/solvers/direction_gauss_newton.c
  ${PROJECT_SOURCE_DIR}/solvers/linsys_auto.c
  ${PROJECT_SOURCE_DIR}/solvers/linsys_cg.c
  ${PROJECT_SOURCE_DIR}/solvers/linsys_cholesky.c
  ${PROJECT_SOURCE_DIR}/solvers/linsys_dual.c
  ${PROJECT_SOURCE_DIR}/solvers/linsys_orthogonal.c
)
