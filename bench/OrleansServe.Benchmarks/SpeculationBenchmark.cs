using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Client;
using OrleansServe.Protocol.V1;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;

namespace OrleansServe.Benchmarks;

/// <summary>
/// One greedy stream through the whole embedded cluster, over gRPC on loopback, with and without drafts. Two clusters stand side by side and answer each
/// question in turn, so that whatever slows the machine down slows both.
/// </summary>
internal static class SpeculationBenchmark
{
    private const int Rounds = 15;

    // Until the just-in-time compiler is done with the path of a token: fewer, and what is measured is how far it has come.
    private const int WarmUpRounds = 40;

    private static readonly string[] Questions =
    [
        "What is 141 + 7486?",
        "Sort these numbers: 52, 9, 317, 88.",
        "What is 338 minus 704?",
        "Which is smaller, 999 or 1002?",
        "How many r's are in strawberry?",
    ];

    public static async Task<SpeculationFigures> RunAsync(string model)
    {
        await using SiloHost plain = await StartAsync(model, drafts: 0);
        await using SiloHost drafting = await StartAsync(model, drafts: 1);
        using GrpcChannel plainChannel = GrpcChannel.ForAddress(plain.GrpcAddress);
        using GrpcChannel draftingChannel = GrpcChannel.ForAddress(drafting.GrpcAddress);

        for (int round = 0; round < WarmUpRounds; round++)
        {
            await AskAllAsync(plainChannel);
            await AskAllAsync(draftingChannel);
        }

        Totals without = new(0, 0, 0, 0), with = new(0, 0, 0, 0);
        double[] speedUps = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            // Who goes first changes, so that a machine that slows down for good favours neither.
            Totals draftingFirst = round % 2 == 0 ? default : await AskAllAsync(draftingChannel);
            Totals plainRound = await AskAllAsync(plainChannel);
            Totals draftingRound = round % 2 == 0 ? await AskAllAsync(draftingChannel) : draftingFirst;
            speedUps[round] = draftingRound.TokensPerSecond / plainRound.TokensPerSecond;
            without = without.Plus(plainRound);
            with = with.Plus(draftingRound);
        }

        Array.Sort(speedUps);

        await plain.StopAsync(CancellationToken.None);
        await drafting.StopAsync(CancellationToken.None);
        return new SpeculationFigures(
            without.TokensPerSecond, with.TokensPerSecond, speedUps[0], speedUps[Rounds / 2], speedUps[^1], (double)with.Accepted / with.Drafted);
    }

    private static async Task<SiloHost> StartAsync(string model, int drafts)
    {
        SiloOptions options = new() { Model = model, Port = 0, HttpPort = 0, SpeculativeTokens = drafts };
        SiloHost host = await SiloHost.BuildAsync(options, progress: null, CancellationToken.None);
        await host.StartAsync(CancellationToken.None);
        await StreamBenchmark.WaitUntilReadyAsync(host.HttpAddress);
        return host;
    }

    private static async Task<Totals> AskAllAsync(GrpcChannel channel)
    {
        InferenceService.InferenceServiceClient client = new(channel);
        Totals totals = new(0, 0, 0, 0);
        foreach (string question in Questions)
        {
            totals = totals.Plus(await AskAsync(client, question));
        }

        return totals;
    }

    // From the first token to the last: prefill is the same with drafts and without.
    private static async Task<Totals> AskAsync(InferenceService.InferenceServiceClient client, string question)
    {
        ChatRequest request = new()
        {
            Messages = { new ChatMessage { Role = ChatMessage.Types.Role.User, Content = question } },
            Sampling = new SamplingOptions { Temperature = 0 },
        };
        long first = 0, last = 0;
        Usage usage = new();
        using AsyncServerStreamingCall<GenerateResponse> call = client.Chat(request);
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            if (call.ResponseStream.Current.Delta is not null)
            {
                last = Stopwatch.GetTimestamp();
                first = first == 0 ? last : first;
            }

            usage = call.ResponseStream.Current.Finished?.Usage ?? usage;
        }

        return new Totals(usage.CompletionTokens - 1, Stopwatch.GetElapsedTime(first, last).TotalSeconds, usage.DraftedTokens, usage.AcceptedDraftTokens);
    }

    private readonly record struct Totals(long Tokens, double Seconds, long Drafted, long Accepted)
    {
        public double TokensPerSecond => Tokens / Seconds;

        public Totals Plus(Totals other) => new(Tokens + other.Tokens, Seconds + other.Seconds, Drafted + other.Drafted, Accepted + other.Accepted);
    }
}
