using System.CommandLine;
using KvServer.Hosting;

Option<uint> nodeId = new("--node-id") { Description = "This node's id in the cluster file.", Required = true };
Option<string> cluster = new("--cluster") { Description = "The cluster as JSON: [{\"stream_id\":1,\"node_id\":1,\"ip\":\"127.0.0.1\",\"port\":4001,\"role\":\"LEADER\"}, ...]", Required = true };
Option<string> data = new("--data") { Description = "The node's data folder; made when it is missing.", Required = true };
Option<string?> config = new("--config") { Description = "HOCON file that stands before the built-in settings." };
Option<int?> respPort = new("--resp-port") { Description = "Port for clients; 0: any free one. Default: kv-server.resp.port (6379)." };
Option<string?> bind = new("--bind") { Description = "Address for clients. Default: kv-server.resp.host (127.0.0.1)." };
Option<uint?> stream = new("--stream") { Description = "The stream that holds the keys. Default: the node's first." };
Option<bool> join = new("--join") { Description = "The cluster runs already: wait until RAFT ADD makes this node a member. Without effect once it is one." };
Option<bool> stopWithInput = new("--stop-with-input") { Description = "Stop when standard input ends." };
RootCommand root = new("A replicated key-value store that speaks the Redis protocol.") { nodeId, cluster, data, config, respPort, bind, stream, join, stopWithInput };
root.SetAction((parsed, _) => RunAsync(new CommandLineOptions
{
    NodeId = parsed.GetValue(nodeId),
    ClusterFile = parsed.GetValue(cluster)!,
    DataFolder = parsed.GetValue(data)!,
    ConfigFile = parsed.GetValue(config),
    RespPort = parsed.GetValue(respPort),
    Bind = parsed.GetValue(bind),
    Stream = parsed.GetValue(stream),
    Join = parsed.GetValue(join),
    StopWithInput = parsed.GetValue(stopWithInput),
}));

ParseResult parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    Console.Error.WriteLine($"kvserver: {string.Join(" ", parsed.Errors.Select(e => e.Message))} --help lists what is allowed.");
    return ExitCode.Usage;
}

// Signals are the node's own business (KvNode): it needs longer than the 2 s that the parser's handler would give it.
return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null, EnableDefaultExceptionHandler = false });

static async Task<int> RunAsync(CommandLineOptions options)
{
    try
    {
        if (options.RespPort is < 0 or > 65535)
        {
            throw new StartException(ExitCode.Usage, $"--resp-port is {options.RespPort}; allowed is 0 to 65535.");
        }

        return await KvNode.RunAsync(options);
    }
    catch (StartException e)
    {
        await Console.Error.WriteLineAsync($"kvserver: {e.Message}");
        return e.ExitCode;
    }
    catch (Exception e)
    {
        await Console.Error.WriteLineAsync($"kvserver: unexpected: {e}");
        return ExitCode.Failure;
    }
}
