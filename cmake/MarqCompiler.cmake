# Compiler settings shared by every target, as one interface library.
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_CXX_STANDARD 17)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

add_library(marq_settings INTERFACE)
target_compile_options(marq_settings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion)
# No contraction of a*b+c behind our back: results do not depend on the optimiser, and kernels say fma where they mean it.
target_compile_options(marq_settings INTERFACE -ffp-contract=off)
# Nobody reads errno after sqrt: without it the instruction stands alone.
target_compile_options(marq_settings INTERFACE -fno-math-errno)
if(MARQ_WERROR)
  target_compile_options(marq_settings INTERFACE -Werror)
endif()
if(MARQ_SANITIZE)
  target_compile_options(marq_settings INTERFACE -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  target_link_options(marq_settings INTERFACE -fsanitize=address,undefined)
endif()
target_compile_definitions(marq_settings INTERFACE _POSIX_C_SOURCE=200809L)
