"""What happens when, as pictures: one flow per duty, no input or output, no loop, one verdict.

Each is started by a deployment of `prefect.yaml`, under a schedule in Asia/Shanghai or by hand.
"""
