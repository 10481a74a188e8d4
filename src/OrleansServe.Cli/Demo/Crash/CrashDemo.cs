using Grpc.Core;

using OrleansServe.Cli.Client;
using OrleansServe.Cli.Rendering;
using OrleansServe.Protocol.V1;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;

using Spectre.Console;

namespace OrleansServe.Cli.Demo.Crash;

/// <summary>
/// Four answers at once while silos crash: first without a fault, for comparison, then with a decode silo, a prefill silo and one more decode silo going
/// in the middle.
/// </summary>
internal sealed class CrashDemo(SiloOptions options, Terminal terminal, TimeProvider time)
{
    private const int Decode = 3;
    private static readonly SiloRole[] Others = [SiloRole.Prefill, SiloRole.Prefill, .. Enumerable.Repeat(SiloRole.Decode, Decode)];
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMinutes(3);

    // Slow enough to be read on a terminal; elsewhere slow enough that a crash comes in the middle.
    private TimeSpan Pace => TimeSpan.FromMilliseconds(terminal.Ansi ? 60 : 8);

    /// <summary>Shows it.</summary>
    /// <returns>Whether every answer was the fault-free one, and at least one of them had been interrupted.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        PacedDataPlane? paced = null;
        await using LocalCluster cluster = await StartAsync(plane => paced = new PacedDataPlane(plane), cancellationToken);
        using PacedDataPlane pacing = paced!;
        using ServerConnection connection = new(cluster.GrpcAddress);
        await WaitForWorkersAsync(connection.Inference, cancellationToken);
        await terminal.Output.WriteLineAsync(terminal.Bold("Six silos in one process: a gateway, two prefill silos, three decode silos"));
        await terminal.Output.WriteLineAsync("First the four answers without a fault, then the same while silos crash. Workers are slowed down so that it can be watched.\n");

        CrashStream[] whole = NewStreams();
        await Task.WhenAll(whole.Select((stream, i) => ReadAsync(connection.Inference, i, stream, cancellationToken)));
        CrashStream[] disturbed = NewStreams();
        pacing.Pace = Pace;
        CrashBoard board = new(terminal, disturbed, time);
        using CancellationTokenSource done = new();
        Task drawing = board.RunAsync(done.Token);
        Task crashing = CrashAsync(cluster, connection.Inference, disturbed, whole.Sum(stream => stream.Tokens), board, done.Token);
        try
        {
            await Task.WhenAll(disturbed.Select((stream, i) => ReadAsync(connection.Inference, i, stream, cancellationToken)));
        }
        finally
        {
            await done.CancelAsync();
            await Task.WhenAll(drawing, crashing);
            pacing.Pace = TimeSpan.Zero;
        }

        return Report(whole, disturbed);
    }

    private async Task<LocalCluster> StartAsync(Func<Transfer.IDataPlane, Transfer.IDataPlane> gatewayPlane, CancellationToken cancellationToken)
    {
        using StartupProgress progress = new(terminal.Error, terminal.ErrorAnsi, time);
        return await LocalCluster.StartAsync(options with { PrefillWorkers = 1, DecodeWorkers = 1, Threads = 1 }, Others, gatewayPlane, progress, cancellationToken);
    }

    private async Task WaitForWorkersAsync(InferenceService.InferenceServiceClient client, CancellationToken cancellationToken)
    {
        await ClusterView.WaitForWorkersAsync(client, prefill: Others.Length - Decode, decode: Decode, experts: 0, ReadyLimit, time, cancellationToken);
    }

    private CrashStream[] NewStreams() => [.. CrashScript.Questions.Select(question => new CrashStream(question, time))];

    private static async Task ReadAsync(InferenceService.InferenceServiceClient client, int question, CrashStream stream, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(AnswerLimit);
        using AsyncServerStreamingCall<GenerateResponse> call = client.Chat(CrashScript.Request(question), cancellationToken: limit.Token);
        try
        {
            await foreach (GenerateResponse response in call.ResponseStream.ReadAllAsync(limit.Token))
            {
                stream.Take(response);
            }
        }
        catch (RpcException fault) when (!cancellationToken.IsCancellationRequested)
        {
            throw new CommandFailedException($"answer {question + 1}: {RpcFault.DescribeEnd(fault)}", fault);
        }
    }

    /// <summary>Crashes a silo each time that a quarter of the tokens has come.</summary>
    private async Task CrashAsync(
        LocalCluster cluster, InferenceService.InferenceServiceClient client, CrashStream[] streams, int tokens, CrashBoard board, CancellationToken done)
    {
        HashSet<string> crashed = [];
        (Worker.Types.Role Role, string Name)[] blows = [(Worker.Types.Role.Decode, "decode"), (Worker.Types.Role.Prefill, "prefill"), (Worker.Types.Role.Decode, "decode")];
        for (int blow = 0; blow < blows.Length; blow++)
        {
            while (streams.Sum(stream => stream.Tokens) < tokens * (blow + 1) / (blows.Length + 1))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(2), time, done).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (done.IsCancellationRequested)
                {
                    return;
                }
            }

            // Whoever has most to lose.
            GetClusterResponse view = await client.GetClusterAsync(new GetClusterRequest(), cancellationToken: CancellationToken.None);
            Worker? victim = view.Workers.Where(worker => worker.Role == blows[blow].Role && !crashed.Contains(worker.Id)).MaxBy(worker => worker.RunningRequests);
            if (victim is null)
            {
                continue;
            }

            string node = victim.Id[..victim.Id.IndexOf('/', StringComparison.Ordinal)];
            crashed.Add(victim.Id);
            cluster.Crash(int.Parse(node[(node.LastIndexOf('-') + 1)..], System.Globalization.CultureInfo.InvariantCulture));
            string streaming = victim.RunningRequests switch
            {
                0 => "no answer is there",
                1 => "1 answer is there",
                int running => $"{running} answers are there",
            };
            board.Tell(terminal.Bad($"{node} crashes: a {blows[blow].Name} silo, and {streaming}"));
        }
    }

    private bool Report(CrashStream[] whole, CrashStream[] disturbed)
    {
        Table table = new() { Border = terminal.Ansi ? TableBorder.Rounded : TableBorder.Ascii };
        table.AddColumns("answer", "tokens", "went on elsewhere", "longest pause", "compared with the fault-free run");
        for (int i = 0; i < disturbed.Length; i++)
        {
            CrashStream stream = disturbed[i];
            table.AddRow(
                $"{i + 1}",
                $"{stream.Tokens}",
                stream.Resumes switch { 0 => "-", 1 => "once", int times => $"{times} times" },
                Quantity.Duration(stream.LongestPause),
                stream.Equals(whole[i]) ? "[green]equal[/]" : "[red]DIFFERENT[/]");
        }

        terminal.Output.WriteLine();
        terminal.CreateConsole().Write(table);
        int equal = disturbed.Where((stream, i) => stream.Equals(whole[i])).Count();
        int interrupted = disturbed.Count(stream => stream.Resumes > 0);
        string verdict = $"{equal} of {disturbed.Length} answers are equal to the fault-free run, token by token and bit by bit; {interrupted} had lost a worker.";
        bool shown = equal == disturbed.Length && interrupted > 0;
        terminal.Output.WriteLine(shown ? terminal.Good(verdict) : terminal.Bad(verdict));
        return shown;
    }
}
