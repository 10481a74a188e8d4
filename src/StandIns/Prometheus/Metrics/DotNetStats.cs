using System.Diagnostics;
using System.Globalization;

namespace Prometheus;

/// <summary>What the runtime and the operating system know of this process, read anew before each collection.</summary>
public sealed class DotNetStats
{
    private readonly Lock _gate = new();
    private readonly Process _process = Process.GetCurrentProcess();
    private readonly Counter _collections;
    private readonly Counter _cpu;
    private readonly Gauge _heap;
    private readonly Gauge _virtualMemory;
    private readonly Gauge _workingSet;
    private readonly Gauge _privateMemory;
    private readonly Gauge _handles;
    private readonly Gauge _threads;

    private DotNetStats(MetricFactory factory)
    {
        _collections = factory.CreateCounter("dotnet_collection_count_total", "Garbage collections.", "generation");
        factory.CreateGauge("process_start_time_seconds", "When the process began, in seconds since 1970.")
            .Set((_process.StartTime.ToUniversalTime() - DateTime.UnixEpoch).TotalSeconds);
        _cpu = factory.CreateCounter("process_cpu_seconds_total", "Processor time, of user and system.");
        _virtualMemory = factory.CreateGauge("process_virtual_memory_bytes", "Address space in use.");
        _workingSet = factory.CreateGauge("process_working_set_bytes", "Memory that is resident.");
        _privateMemory = factory.CreateGauge("process_private_memory_bytes", "Memory that no other process shares.");
        _handles = factory.CreateGauge("process_open_handles", "Handles that are open.");
        _threads = factory.CreateGauge("process_num_threads", "Threads.");
        _heap = factory.CreateGauge("dotnet_total_memory_bytes", "Managed memory in use.");
    }

    /// <summary>Adds the process's metrics to a registry.</summary>
    public static void Register(CollectorRegistry registry)
    {
        ArgumentNullException.ThrowIfNull(registry);
        registry.AddBeforeCollectCallback(new DotNetStats(Metrics.WithCustomRegistry(registry)).Update);
    }

    private void Update()
    {
        lock (_gate)
        {
            _process.Refresh();
            for (int generation = 0; generation <= GC.MaxGeneration; generation++)
            {
                _collections.WithLabels(generation.ToString(CultureInfo.InvariantCulture)).IncTo(GC.CollectionCount(generation));
            }

            _cpu.IncTo(_process.TotalProcessorTime.TotalSeconds);
            _heap.Set(GC.GetTotalMemory(forceFullCollection: false));
            _virtualMemory.Set(_process.VirtualMemorySize64);
            _workingSet.Set(_process.WorkingSet64);
            _privateMemory.Set(_process.PrivateMemorySize64);
            _handles.Set(_process.HandleCount);
            _threads.Set(_process.Threads.Count);
        }
    }
}
