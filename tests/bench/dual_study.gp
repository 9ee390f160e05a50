# Chart of bench_dual_study: gnuplot -e "table='FILE.csv'; chart='FILE.svg'" tests/bench/dual_study.gp
set terminal svg size 720,420 font 'sans-serif,13'
set output chart
set datafile separator ','
set datafile missing ''
set logscale xy
set format xy '10^{%T}'
set xtics 1e4
set ytics 1e4
unset mxtics
unset mytics
set xlabel 'damping μ'
set ylabel 'relative error of the step'
set xrange [1e-16:1e4]
set yrange [1e-17:1e6]
set key top right
set grid lc rgb '#dddddd'
plot table using (strcol(1) eq 'start' ? $2 : NaN):4 skip 1 with lines lw 2 title 'Woodbury as written', \
     '' using (strcol(1) eq 'start' ? $2 : NaN):5 skip 1 with lines lw 2 title 'Cholesky, n by n', \
     '' using (strcol(1) eq 'start' ? $2 : NaN):3 skip 1 with lines lw 2 title 'dual, push-through', \
     '' using (strcol(1) eq 'start' ? $2 : NaN):6 skip 1 with lines lw 2 title 'QR, augmented'
