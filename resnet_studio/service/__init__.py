"""What a server shares among its pages, without gradio: run data, imports, loaded models, forecasts.

``watch`` follows what runs, ``run_data`` reads runs, ``dataset_cache`` data sets, ``predictors`` models.
"""
