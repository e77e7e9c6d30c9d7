# E-values (VanderWeele and Ding 2017, equations written out in base R 4.2.2): E = RR + sqrt(RR (RR - 1)), RR < 1 inverted; of the
# confidence limit nearest 1 (1 where the interval holds 1). Odds ratio of a common outcome: RR = sqrt(OR); hazard ratio of a
# common outcome: (1 - 0.5^sqrt(HR)) / (1 - 0.5^sqrt(1/HR)); standardised difference d with error s: RR = exp(0.91 d), limits
# exp(0.91 d -+ 1.78 s). std_error blank; estimate is the E-value of the point, e_limit that of the limit.
source("read_write.R")
e <- function(rr) { rr <- ifelse(rr < 1, 1 / rr, rr); rr + sqrt(rr * (rr - 1)) }
row <- function(case, value, low, high, rr) data.frame(case = case, term = "e_value", estimate = e(rr(value)), std_error = NA,
  value = value, low = low, high = high, rr = rr(value),
  e_limit = if (low <= 1 && high >= 1) 1 else if (low > 1) e(rr(low)) else e(rr(high)))
hazard <- function(h) (1 - 0.5^sqrt(h)) / (1 - 0.5^sqrt(1 / h))
diff <- function(case, d, s) { rr <- exp(0.91 * d); lim <- exp(0.91 * d + c(-1.78, 1.78) * s)
  data.frame(case = case, term = "e_value", estimate = e(rr), std_error = NA, value = d, low = lim[1], high = lim[2], rr = rr,
             e_limit = if (lim[1] <= 1 && lim[2] >= 1) 1 else if (lim[1] > 1) e(lim[1]) else e(lim[2])) }
save_csv(rbind(row("rr_3.9", 3.9, 1.8, 8.7, identity), row("rr_0.8", 0.8, 0.71, 0.91, identity), row("rr_1.2_null", 1.2, 0.9, 1.6, identity),
  row("or_common_1.7", 1.7, 1.2, 2.4, sqrt), row("or_common_0.6", 0.6, 0.4, 0.9, sqrt), row("hr_common_0.56", 0.56, 0.46, 0.69, hazard),
  diff("difference_0.35", 0.35, 0.1), diff("difference_-0.42", -0.42, 0.14), diff("difference_0.1", 0.1, 0.2)), "evalue")
