using OrleansServe.Cli.Client;
using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Bench.Serving;

/// <summary>What is measured: a server's model, and the workers behind it.</summary>
/// <param name="Server">The server.</param>
/// <param name="Model">The model, as the server describes it.</param>
/// <param name="Workers">Workers of each role.</param>
internal sealed record ServedModel(Uri Server, Protocol.V1.Model Model, IReadOnlyDictionary<Worker.Types.Role, int> Workers)
{
    /// <summary>Asks a server.</summary>
    /// <param name="client">Client.</param>
    /// <param name="server">Its address.</param>
    /// <param name="name">Name of the model; empty for the only one.</param>
    /// <param name="cancellationToken">Ends the asking.</param>
    /// <exception cref="CommandFailedException">It does not serve such a model.</exception>
    public static async Task<ServedModel> AskAsync(InferenceService.InferenceServiceClient client, Uri server, string name, CancellationToken cancellationToken)
    {
        ListModelsResponse models = await client.ListModelsAsync(new ListModelsRequest(), cancellationToken: cancellationToken);
        Protocol.V1.Model[] matching = [.. models.Models.Where(model => name.Length == 0 || model.Name == name)];
        if (matching.Length != 1)
        {
            throw new CommandFailedException($"--model: {server} serves {string.Join(", ", models.Models.Select(model => model.Name))}; name one of them");
        }

        if (matching[0] is { VocabularySize: < 1 } or { ContextLength: < 2 })
        {
            throw new CommandFailedException($"{server} says that its model has {matching[0].VocabularySize} tokens and a context of {matching[0].ContextLength}");
        }

        GetClusterResponse cluster = await client.GetClusterAsync(new GetClusterRequest(), cancellationToken: cancellationToken);
        return new ServedModel(server, matching[0], cluster.Workers.GroupBy(worker => worker.Role).ToDictionary(group => group.Key, group => group.Count()));
    }

    /// <summary>Workers of a role.</summary>
    public int Count(Worker.Types.Role role) => Workers.GetValueOrDefault(role);
}
