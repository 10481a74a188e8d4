using OrleansServe.Grains.Fleet;
using OrleansServe.Silo.Options;

namespace OrleansServe.Silo.Hosting;

/// <summary>
/// Starts and stops silos within this process. Both take a while, and go on behind the decisions: what has been asked for counts from the moment that it is. A silo that could not be
/// started is told once, and asked for again with the next decision.
/// </summary>
internal sealed class LocalFleet(LocalCluster cluster, LocalScaling scaling) : IFleetAdapter, IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, SiloRole> _nodes = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Task> _changes = [];
    private int _starting;
    private bool _begun;
    private Exception? _fault;

    /// <summary>How it scales.</summary>
    public LocalScaling Scaling { get; } = scaling;

    /// <inheritdoc/>
    public bool TakesLastByNumber => false;

    /// <summary>Takes over the silos that the cluster begins with.</summary>
    /// <param name="others">Roles of those behind the gateway.</param>
    public void Begin(IReadOnlyList<SiloRole> others)
    {
        lock (_lock)
        {
            for (int i = 0; i < others.Count; i++)
            {
                _nodes.Add(LocalCluster.NameOf(i + 1), others[i]);
            }

            _begun = true;
        }
    }

    /// <inheritdoc/>
    public Task<FleetNodes> ReadAsync(FleetNodes present, CancellationToken cancellation)
    {
        lock (_lock)
        {
            if (!_begun)
            {
                // The gateway decides before the silos behind it have started, which would be started a second time.
                return Task.FromException<FleetNodes>(new FleetUnchangeableException("the cluster's first silos are still being started"));
            }

            return Interlocked.Exchange(ref _fault, null) is { } fault
                ? Task.FromException<FleetNodes>(new FleetUnchangeableException($"a silo could not be started or stopped: {fault.Message}", fault))
                : Task.FromResult(Count());
        }
    }

    /// <inheritdoc/>
    public Task ApplyAsync(FleetOrder order, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(order);
        lock (_lock)
        {
            FleetNodes now = Count();
            foreach (string name in order.Leaving)
            {
                SiloRole role = _nodes.GetValueOrDefault(name);
                if ((role == SiloRole.Prefill && now.Prefill > order.Nodes.Prefill) || (role == SiloRole.Decode && now.Decode > order.Nodes.Decode))
                {
                    _nodes.Remove(name);
                    now = Count();
                    Begin(StopAsync(name, order));
                }
            }

            Start(SiloRole.Prefill, order.Nodes.Prefill - now.Prefill, order);
            Start(SiloRole.Decode, order.Nodes.Decode - now.Decode, order);
        }

        return Task.CompletedTask;
    }

    /// <summary>Waits for what is under way; nothing new begins.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        Task[] changes;
        lock (_lock)
        {
            changes = [.. _changes];
        }

        await Task.WhenAll(changes);
        _ending.Dispose();
    }

    private FleetNodes Count() => new(_nodes.Values.Count(role => role == SiloRole.Prefill), _nodes.Values.Count(role => role == SiloRole.Decode));

    private void Start(SiloRole role, int count, FleetOrder order)
    {
        for (int i = 0; i < count; i++)
        {
            // It has its place from now on, and its name once it has started.
            string place = $"{role} {_starting++}";
            _nodes.Add(place, role);
            Begin(StartAsync(role, place, order));
        }
    }

    private void Begin(Task change)
    {
        _changes.RemoveAll(earlier => earlier.IsCompleted);
        _changes.Add(change);
    }

    private async Task StartAsync(SiloRole role, string place, FleetOrder order)
    {
        await Task.Yield();
        string? name = null;
        try
        {
            name = LocalCluster.NameOf(await cluster.StartSiloAsync(role, _ending.Token));
        }
#pragma warning disable CA1031 // Told with the next sighting.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            _fault = _ending.IsCancellationRequested ? null : fault;
        }

        lock (_lock)
        {
            _nodes.Remove(place);
            if (name is not null)
            {
                _nodes.Add(name, role);
            }
        }

        if (name is not null)
        {
            Tell(name, LocalChangeKind.Started, order);
        }
    }

    private async Task StopAsync(string name, FleetOrder order)
    {
        await Task.Yield();
        try
        {
            Tell(name, LocalChangeKind.Stopping, order);
            await cluster.StopSiloAsync(LocalCluster.NumberOf(name));
            Tell(name, LocalChangeKind.Stopped, order);
        }
#pragma warning disable CA1031 // Told with the next sighting.
        catch (Exception fault)
#pragma warning restore CA1031
        {
            _fault = fault;
        }
    }

    private void Tell(string name, LocalChangeKind kind, FleetOrder order) => Scaling.Changed?.Invoke(new LocalChange(name, kind, order.Nodes, order.Reason));
}
