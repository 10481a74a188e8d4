using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Client;
using OrleansServe.Protocol.V1;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;

namespace OrleansServe.Benchmarks;

/// <summary>Greedy streams through the whole embedded cluster, over gRPC on loopback.</summary>
internal static class StreamBenchmark
{
    private const int Tokens = 512;

    public static async Task<StreamFigures> RunAsync(string model)
    {
        SiloOptions options = new() { Model = model, Port = 0, HttpPort = 0 };
        await using SiloHost host = await SiloHost.BuildAsync(options, progress: null, CancellationToken.None);
        await host.StartAsync(CancellationToken.None);
        using GrpcChannel channel = GrpcChannel.ForAddress(host.GrpcAddress);
        InferenceService.InferenceServiceClient client = new(channel);
        await WaitUntilReadyAsync(host.HttpAddress);

        // Once for the just-in-time compiler.
        await MeasureAsync(client, 4);
        double one = await MeasureAsync(client, 1);
        double sixteen = await MeasureAsync(client, 16);
        await host.StopAsync(CancellationToken.None);
        return new StreamFigures(one, sixteen);
    }

    private static async Task<double> MeasureAsync(InferenceService.InferenceServiceClient client, int streams)
    {
        long start = Stopwatch.GetTimestamp();
        int[] counts = await Task.WhenAll(Enumerable.Range(0, streams).Select(stream => StreamAsync(client, stream)));
        return counts.Sum() / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private static async Task<int> StreamAsync(InferenceService.InferenceServiceClient client, int stream)
    {
        GenerateRequest request = new()
        {
            Text = $"What is {stream} + {stream}?",
            Sampling = new SamplingOptions { Temperature = 0, MaxTokens = Tokens },
            Stop = new StopOptions { IgnoreEos = true },
        };
        int tokens = 0;
        using AsyncServerStreamingCall<GenerateResponse> call = client.Generate(request);
        while (await call.ResponseStream.MoveNext(CancellationToken.None))
        {
            tokens += call.ResponseStream.Current.Delta?.TokenIds.Count ?? 0;
        }

        return tokens;
    }

    internal static async Task WaitUntilReadyAsync(Uri http)
    {
        using HttpClient client = new();
        while (!(await client.GetAsync(new Uri(http, "/readyz"))).IsSuccessStatusCode)
        {
            await Task.Delay(20);
        }
    }
}
