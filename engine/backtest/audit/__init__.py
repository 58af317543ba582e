"""A backtest that audits itself: its indicators against pandas-ta, its walk against the Trader itself."""
