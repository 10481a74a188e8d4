using System.CommandLine;

using Google.Protobuf;

using Grpc.Core;

using OrleansServe.Cli.Client;
using OrleansServe.Cli.Rendering;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Commands;

/// <summary><c>experts</c>: which shards hold which experts, and what they have computed.</summary>
internal static class ExpertsCommand
{
    /// <summary>Builds it.</summary>
    public static Command Create(Terminal terminal)
    {
        DocumentedCommand command = new(
            "experts",
            "Shows where a server's routed experts are, by layer and shard, and how many rows each has received since the plan was published.",
            "./orleansserve experts",
            "./orleansserve experts --layer 3",
            "./orleansserve experts --json");
        ClientArguments client = new(command);
        Option<int?> layer = new("--layer") { Description = "Only this layer, with each expert's rows", HelpName = "N" };
        Option<bool> json = new("--json") { Description = "Write the plan as JSON" };
        command.Add(layer);
        command.Add(json);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ServerConnection server = client.Connect(parsed);
            ExpertPlan plan = await AskAsync(server, cancellationToken);
            if (parsed.GetValue(layer) is { } wanted)
            {
                ExpertLayer found = plan.Layers.FirstOrDefault(one => one.Layer == wanted)
                    ?? throw new CommandFailedException($"--layer must be one of the layers with experts ({string.Join(", ", plan.Layers.Select(one => one.Layer))}), not {wanted}");
                plan.Layers.Clear();
                plan.Layers.Add(found);
            }

            if (parsed.GetValue(json))
            {
                terminal.Output.WriteLine(JsonFormatter.Default.Format(plan));
            }
            else
            {
                ExpertTable.Write(plan, withExperts: parsed.GetValue(layer) is not null, terminal);
            }

            return 0;
        });
        return command;
    }

    private static async Task<ExpertPlan> AskAsync(ServerConnection server, CancellationToken cancellationToken)
    {
        try
        {
            GetClusterResponse cluster = await server.Inference.GetClusterAsync(new GetClusterRequest { Experts = true }, cancellationToken: cancellationToken);
            return cluster.Experts ?? throw new CommandFailedException("the cluster has no expert shards: prefill and decode workers hold the experts, or the model has none");
        }
        catch (RpcException exception)
        {
            throw new CommandFailedException(RpcFault.Describe(exception, server.Server), exception);
        }
    }
}
