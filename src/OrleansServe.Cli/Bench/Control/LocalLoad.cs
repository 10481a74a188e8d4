using Grpc.Core;

using OrleansServe.Protocol.V1;

namespace OrleansServe.Cli.Bench.Control;

/// <summary>Clients within this process: each asks, takes the whole answer and asks again, until it is told to stop.</summary>
/// <param name="service">The gateway's service; everything below gRPC.</param>
/// <param name="tokens">Token ids of prompts are below this.</param>
/// <param name="counters">Counts.</param>
internal sealed class LocalLoad(OrleansServe.Gateway.Services.InferenceService service, int tokens, ControlCounters counters)
{
    private const int SeedStride = 1_000_003;

    /// <summary>Runs until it is cancelled.</summary>
    /// <param name="clients">How many.</param>
    /// <param name="promptTokens">Tokens of each prompt; no two prompts begin alike.</param>
    /// <param name="outputTokens">Tokens of each answer.</param>
    /// <param name="stop">Tells them to stop.</param>
    /// <exception cref="RpcException">A request was refused or failed.</exception>
    public Task RunAsync(int clients, int promptTokens, int outputTokens, CancellationToken stop) =>
        Task.WhenAll(Enumerable.Range(0, clients).Select(client => Task.Run(() => AskAsync(client, promptTokens, outputTokens, stop), CancellationToken.None)));

    private async Task AskAsync(int client, int promptTokens, int outputTokens, CancellationToken stop)
    {
        Random random = new(client * SeedStride);
        GenerateRequest request = new()
        {
            TokenIds = new TokenIds(),
            Sampling = new SamplingOptions { MaxTokens = outputTokens, Temperature = 0 },
            Stop = new StopOptions { IgnoreEos = true },
        };
        for (int i = 0; i < promptTokens; i++)
        {
            request.TokenIds.Ids.Add(random.Next(tokens));
        }

        LocalStream stream = new(counters);
        while (!stop.IsCancellationRequested)
        {
            // Every block's name depends on those before it: another beginning makes all of them new.
            for (int i = 0; i < Math.Min(promptTokens, 4); i++)
            {
                request.TokenIds.Ids[i] = random.Next(tokens);
            }

            try
            {
                await service.Generate(request, stream, new LocalCall(stop));
                counters.Ended(well: true);
            }
            catch (RpcException) when (stop.IsCancellationRequested)
            {
                return;
            }
        }
    }
}
