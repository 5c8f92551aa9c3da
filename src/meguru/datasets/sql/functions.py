"""The allow list of functions: of values and aggregates, of which none touches anything else."""

_FUNCTIONS = """
abs acos asin atan atan2 cbrt ceil ceiling cos cot degrees exp floor ln log log10 log1p log2 mod pi pow power
radians round sign sin sqrt tan div greatest least
bit_length char_length character_length concat concat_ws contains ends_with format initcap instr left length
lower ltrim normalize octet_length position regexp_like regexp_replace regexp_matches regexp_extract replace
reverse right rtrim split_part starts_with strpos strptime substr substring trim upper
date date_part date_trunc datetrunc epoch extract strftime time timestamp year month day hour minute second
quarter week dayofweek dayofyear now current_date current_timestamp make_date datediff date_diff
coalesce if ifnull nullif isnull cast try_cast
avg count max min sum median stddev stdev stddev_samp stddev_pop var var_samp var_pop variance quantile
quantile_cont quantile_disc first last mode corr covar_samp covar_pop covar bool_and bool_or any_value
approx_count_distinct count_if countif arg_max arg_min
row_number rank dense_rank lag lead first_value last_value ntile percent_rank cume_dist
array_contains array_length array_max array_min array_mean array_sum array_unique array_get array_reverse
array_to_string list_contains len
"""
_WORDS = """
select from where and or not in exists any all some as on using over filter within by having limit offset
between like ilike case when then else end is union except intersect join distinct values order partition
group rows range with interval qualify similar to exclude rename
decimal numeric varchar char float double bigint integer int
"""
FUNCTIONS = frozenset(_FUNCTIONS.split())
WORDS = frozenset(_WORDS.split())
"""Words of the language that may stand before a bracket."""
