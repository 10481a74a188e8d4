using System.Globalization;

using OrleansServe.Cli.Client;
using OrleansServe.Cli.Demo.Crash;
using OrleansServe.Cli.Rendering;
using OrleansServe.Policies.Scaling;
using OrleansServe.Silo.Hosting;
using OrleansServe.Silo.Options;
using OrleansServe.Transfer;

namespace OrleansServe.Cli.Demo.Breathe;

/// <summary>
/// A day in a minute and a half: questions come as people's do, and the cluster starts and stops decode silos in this process as the scaling policy decides. Only the clock that decisions go by is
/// fast; questions, answers and silos are what they always are.
/// </summary>
internal sealed class BreatheDemo(SiloOptions options, Terminal terminal, TimeProvider time)
{
    private const double Factor = 720;
    private const int MostNodes = 4;
    private static readonly DateTimeOffset Begin = new(2026, 3, 2, 5, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset End = Begin.AddHours(18);
    private static readonly TimeSpan Latest = TimeSpan.FromHours(8);
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(2);

    // What a decode silo is slowed down to, so that a few of them are needed on any machine: four streams, each 40 tokens a second.
    private const int Streams = 4;
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(25);

    private readonly Lock _lock = new();
    private int _nodes = 1;
    private int _most = 1;
    private double _nodeHours;
    private DateTimeOffset _counted = Begin;
    private AcceleratedTime? _clock;

    private static ScalingOptions Scaling => new()
    {
        Prefill = new RoleScaling { Maximum = 1 },
        Decode = new RoleScaling { Maximum = MostNodes, InitialCapacity = Streams / Pace.TotalSeconds / Factor },
        StartUp = TimeSpan.FromMinutes(20),
        DecisionInterval = TimeSpan.FromMinutes(12),
        ScaleInCoolDown = TimeSpan.FromHours(1),
        ReportTimeout = TimeSpan.FromHours(1),
        LargestScaleIn = 0.5,
    };

    /// <summary>Shows it.</summary>
    /// <returns>Whether the cluster grew and shrank, and every question was answered in full.</returns>
    public async Task<bool> RunAsync(CancellationToken cancellationToken)
    {
        PacedDataPlane? paced = null;
        AcceleratedTime clock = _clock = new AcceleratedTime(time, Begin, Factor);
        SiloOptions own = options with
        {
            PrefillWorkers = 1,
            DecodeWorkers = 1,
            Threads = 1,
            MaxRequests = Streams,
            DrainLimit = TimeSpan.FromSeconds(5),
            Serving = options.Serving with { Overcommit = 0 },
        };
        await using LocalCluster cluster = await StartAsync(own, plane => paced = new PacedDataPlane(plane), new LocalScaling(Scaling, clock, OnChange), cancellationToken);
        using PacedDataPlane pacing = paced!;
        using ServerConnection connection = new(cluster.GrpcAddress);
        await ClusterView.WaitForWorkersAsync(connection.Inference, prefill: 1, decode: 1, experts: 0, ReadyLimit, time, cancellationToken);
        pacing.Pace = Pace;
        await terminal.Output.WriteLineAsync(terminal.Bold("A day in a minute and a half: a gateway, a prefill silo, and as many decode silos as are needed"));
        await terminal.Output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"Silos run in this process and are slowed down to {Streams} streams of {1 / Pace.TotalSeconds:0} tokens/s each.\n"));

        DayLoad load = new(connection.Inference, time);
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task asking = load.RunAsync(clock, stop.Token, cancellationToken);
        DateTimeOffset hour = Begin.AddHours(1);
        while (!cancellationToken.IsCancellationRequested && (clock.GetUtcNow() < End || (Nodes > 1 && clock.GetUtcNow() < End + Latest)))
        {
            if (clock.GetUtcNow() >= hour)
            {
                await terminal.Output.WriteLineAsync(HourLine(hour));
                hour = hour.AddHours(1);
            }

            await Task.Delay(TimeSpan.FromMinutes(5), clock, cancellationToken);
        }

        await stop.CancelAsync();
        await asking;
        return Report(load);
    }

    private int Nodes
    {
        get
        {
            lock (_lock)
            {
                return _nodes;
            }
        }
    }

    private async Task<LocalCluster> StartAsync(SiloOptions own, Func<IDataPlane, IDataPlane> plane, LocalScaling scaling, CancellationToken cancellationToken)
    {
        using StartupProgress progress = new(terminal.Error, terminal.ErrorAnsi, time);
        return await LocalCluster.StartAsync(own, [SiloRole.Prefill, SiloRole.Decode], plane, progress, cancellationToken, scaling);
    }

    private void OnChange(LocalChange change)
    {
        lock (_lock)
        {
            if (change.Kind != LocalChangeKind.Stopping)
            {
                Count();
                _nodes += change.Kind == LocalChangeKind.Started ? 1 : -1;
                _most = Math.Max(_most, _nodes);
            }

            string what = change.Kind switch
            {
                LocalChangeKind.Started => terminal.Good($"{change.Silo} serves"),
                LocalChangeKind.Stopping => $"{change.Silo} is told to stop and hands its streams over",
                _ => terminal.Bold($"{change.Silo} has left"),
            };
            terminal.Output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{_clock!.GetUtcNow():HH:mm}    {what}"));
        }
    }

    private string HourLine(DateTimeOffset hour)
    {
        double rate = DayLoad.RateAt(hour.TimeOfDay);
        return terminal.Dim(string.Create(CultureInfo.InvariantCulture, $"{hour:HH:mm}  {rate,4:0.0} questions/s {new string('|', (int)Math.Round(rate)),-16}  decode silos {new string('#', Nodes)}"));
    }

    /// <summary>Counts the node-hours up to now.</summary>
    private void Count()
    {
        DateTimeOffset now = _clock!.GetUtcNow();
        _nodeHours += _nodes * (now - _counted).TotalHours;
        _counted = now;
    }

    private bool Report(DayLoad load)
    {
        lock (_lock)
        {
            Count();
            double hours = (_counted - Begin).TotalHours;
            bool breathed = _most > 1 && _nodes == 1;
            bool whole = load.Answered == load.Asked;
            string answered = $"{load.Answered} of {load.Asked} questions were answered in full{(load.Fault is { } fault ? $"; {TerminalText.OneLine(fault)}" : "")}.";
            string size = string.Create(
                CultureInfo.InvariantCulture, $"The fleet had 1 to {_most} decode silos and ends with {_nodes}: {_nodeHours:0.0} node-hours in {hours:0.0} hours, {_most * hours:0.0} if the most had stayed all the time.");
            terminal.Output.WriteLine();
            terminal.Output.WriteLine(whole ? terminal.Good(answered) : terminal.Bad(answered));
            terminal.Output.WriteLine(breathed ? terminal.Good(size) : terminal.Bad(size));
            return whole && breathed;
        }
    }
}
