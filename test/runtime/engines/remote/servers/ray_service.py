"""Ray Serve on two nodes of this machine, each with a gRPC proxy that has TensorFlow Serving's own stubs, and a replica that
runs TensorFlow in Python: python ray_service.py GRPC_PORT GRPC_PORT HTTP_PORT HTTP_PORT NAME FOLDER CALLS SESSION

Each replica writes a byte for each of its calls to a file in the folder CALLS, named after its node and its process. On the
line "remove" of its input, the program kills the second node. Ray keeps its own files in the folder SESSION.
"""

import os
import signal
import sys
import time

ports = [int(port) for port in sys.argv[1:5]]
name, folder, calls, session = sys.argv[5:]

# Ray reads them when it is imported. Two nodes of one machine need ports of their own.
os.environ["RAY_SERVE_WORKER_PROXY_GRPC_PORT"] = str(ports[1])
os.environ["RAY_SERVE_WORKER_PROXY_HTTP_PORT"] = str(ports[3])
# Each proxy uses all replicas.
os.environ["RAY_SERVE_PROXY_PREFER_LOCAL_NODE_ROUTING"] = "0"
# A busy machine takes longer than the usual seconds.
os.environ["RAY_SERVE_PROXY_READY_CHECK_TIMEOUT_S"] = "300"
os.environ["RAY_SERVE_PROXY_HEALTH_CHECK_TIMEOUT_S"] = "300"
os.environ["RAY_TMPDIR"] = session
os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import grpc
import ray
from ray import serve
from ray.cluster_utils import Cluster
from ray.serve.config import HTTPOptions, ProxyLocation, gRPCOptions
from ray.serve.generated import serve_pb2, serve_pb2_grpc
from ray.serve.grpc_util import RayServegRPCContext

ADD_SERVICER = "tensorflow_serving.apis.prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server"
NODE = {"node_ip_address": "127.0.0.1", "num_cpus": 2, "include_dashboard": False}


@serve.deployment(
    num_replicas=2,
    max_replicas_per_node=1,
    max_ongoing_requests=100,
    ray_actor_options={"num_cpus": 1},
)
class Service:
    def __init__(self):
        from prediction import Prediction

        self.prediction = Prediction(name, folder)
        node = ray.get_runtime_context().get_node_id()
        self.calls = open(os.path.join(calls, f"{node}-{os.getpid()}"), "ab", buffering=0)

    def answer(self, call, request, context):
        from prediction import Rejection

        self.calls.write(b".")
        try:
            return call(request)
        except Rejection as rejection:
            context.set_code(rejection.code)
            context.set_details(rejection.details)
            raise

    def Predict(self, request, grpc_context: RayServegRPCContext):
        return self.answer(self.prediction.predict, request, grpc_context)

    def GetModelMetadata(self, request, grpc_context: RayServegRPCContext):
        return self.answer(self.prediction.describe, request, grpc_context)


def tell(line):
    """Prints a line in one piece: threads of Ray print as well."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def await_application(port):
    """Waits until a proxy knows the application: each learns of it by itself."""
    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        proxy = serve_pb2_grpc.RayServeAPIServiceStub(channel)
        while True:
            try:
                request = serve_pb2.ListApplicationsRequest()
                if name in proxy.ListApplications(request, timeout=10).application_names:
                    return
            except grpc.RpcError as error:
                if error.code() not in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                    raise
            time.sleep(0.1)


# Its processes end with the cluster.
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
cluster = Cluster()
try:
    cluster.add_node(**NODE)
    second = cluster.add_node(**NODE)
    cluster.wait_for_nodes()
    ray.init(address=cluster.address, log_to_driver=False)
    serve.start(
        proxy_location=ProxyLocation.EveryNode,
        http_options=HTTPOptions(host="127.0.0.1", port=ports[2]),
        grpc_options=gRPCOptions(port=ports[0], grpc_servicer_functions=[ADD_SERVICER]),
    )
    serve.run(Service.bind(), name=name)
    for port in ports[:2]:
        await_application(port)
    tell("service ready")
    # Until the program that started it ends, or ends it.
    for line in sys.stdin:
        if line.strip() == "remove":
            cluster.remove_node(second, allow_graceful=False)
            tell("node removed")
finally:
    ray.shutdown()
    cluster.shutdown()
