using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Engine;
using OrleansServe.Engine.Moe;
using OrleansServe.Engine.Weights;
using OrleansServe.Abstractions.Experts;
using OrleansServe.Grains.Experts.Dispatch;
using OrleansServe.Grains.Experts.Shards;
using OrleansServe.Grains.Instruments;
using OrleansServe.Grains.Options;
using OrleansServe.Grains.Workers.Decode;
using OrleansServe.Grains.Workers.Prefill;
using OrleansServe.Model.Configuration;
using OrleansServe.Transfer;
using Prometheus;

namespace OrleansServe.Grains.Workers;

/// <summary>Loads the weights, starts this silo's workers and announces them for as long as the host runs.</summary>
internal sealed class WorkerHost : BackgroundService, IHostedLifecycleService, IAsyncDisposable
{
    private readonly IGrainFactory _grains;
    private readonly WorkerCatalog _catalog;
    private readonly WorkerContext _context;
    private readonly WorkerReadiness _readiness;
    private readonly EngineBuilder? _engines;
    private readonly List<IDisposable> _owned = [];
    private Task _drain = Task.CompletedTask;

    public WorkerHost(
        IGrainFactory grains,
        WorkerCatalog catalog,
        WorkerReadiness readiness,
        WorkerModel model,
        IOptions<WorkerOptions> options,
        IOptions<ServiceOptions> service,
        IDataPlane dataPlane,
        TimeProvider time,
        IMetricFactory metrics,
        ILogger<WorkerHost> logger,
        EngineBuilder? engines = null)
    {
        _engines = engines;
        _grains = grains;
        _catalog = catalog;
        _readiness = readiness;
        _context = new WorkerContext(model, options.Value, service.Value, dataPlane, time, new WorkerMetrics(metrics), logger);
    }

    private bool UsesShards => _context.Options.ClusterExpertShards > 0 && _context.Model.Checkpoint.Config.NRoutedExperts > 0;

    /// <summary>Waits for the workers even where stopping in time failed: they read weights that are let go of next.</summary>
    public async ValueTask DisposeAsync()
    {
        Dispose();
        if (ExecuteTask is { } running)
        {
            await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <inheritdoc/>
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The host is about to stop: the workers empty themselves while what depends on them, the gateway above all, still runs.</summary>
    public Task StoppingAsync(CancellationToken cancellationToken)
    {
        IWorker[] workers = [.. _catalog.All.Where(worker => worker is not ExpertShard)];
        if (workers.Length > 0 && !cancellationToken.IsCancellationRequested)
        {
            _drain = new WorkerDrain(workers, _grains.GetGrain<ISchedulerGrain>(_context.Model.Name), _context).RunAsync();
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _drain.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Cut short: what is left is handed on as it is.
        }

        await base.StopAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Loading computes for seconds to minutes: not on the thread that starts the host.
        await Task.Yield();
        ISchedulerGrain scheduler = _grains.GetGrain<ISchedulerGrain>(_context.Model.Name);
        ExpertDirectory directory = new(_grains.GetGrain<IExpertPlanGrain>(_context.Model.Name), _context);
        List<Task> tasks = [];
        try
        {
            tasks.AddRange(StartShards(stoppingToken).Select(shard => Announce(shard, () => true)));
            List<IWorker> workers = StartAttentionWorkers(directory, stoppingToken);
            tasks.AddRange(workers.Select(worker => Announce(worker, () => !UsesShards || directory.Current is not null)));
            if (UsesShards && workers.Count > 0)
            {
                tasks.Add(directory.RunAsync(stoppingToken));
            }

            _context.Metrics.ModelRead(_context.Options.Node, _context.Model.Checkpoint.BytesRead, _context.Model.Checkpoint.BytesHashed);
            _readiness.OnLoaded(_catalog.All.Select(worker => worker.Id));

            // The first that fails ends the host, whatever the others do.
            await foreach (Task task in Task.WhenEach(tasks))
            {
                await task;
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The orderly end.
        }
        finally
        {
            await StopWorkersAsync();
        }

        Task Announce(IWorker worker, Func<bool> isReady) => new WorkerAnnouncer(worker, scheduler, isReady, _context) { Readiness = _readiness }.RunAsync(stoppingToken);
    }

    private List<IWorker> StartShards(CancellationToken cancellationToken)
    {
        ModelConfig config = _context.Model.Checkpoint.Config;
        List<IWorker> shards = [];
        for (int i = 0; i < _context.Options.ExpertShards && UsesShards; i++)
        {
            IReadOnlyList<int> experts = StartingExperts.Of(_context.Options, config.NRoutedExperts ?? 0, _context.Options.FirstExpertShard + i);
            Dictionary<int, IReadOnlyList<int>> held = Enumerable.Range(0, config.KvLayers).Where(config.IsMoeLayer).ToDictionary(layer => layer, _ => experts);
            ExpertBank bank = ExpertBank.Load(_context.Model.Checkpoint, held, _context.Model.Weights, cancellation: cancellationToken);
            _owned.Add(bank);
            shards.Add(Add(new ExpertShard(IdOf("expert", i), bank, StartingExperts.SlotsOf(_context.Options, config.NRoutedExperts ?? 0), _context)));
        }

        return shards;
    }

    private List<IWorker> StartAttentionWorkers(ExpertDirectory directory, CancellationToken cancellationToken)
    {
        List<IWorker> workers = [];
        WorkerOptions options = _context.Options;
        if (options.PrefillWorkers + options.DecodeWorkers == 0)
        {
            return workers;
        }

        EngineBuilder build = _engines ?? CpuEngines(directory, cancellationToken);
        for (int i = 0; i < options.PrefillWorkers; i++)
        {
            workers.Add(Add(new PrefillWorker(IdOf("prefill", i), build(_context.Model, options), _context)));
        }

        for (int i = 0; i < options.DecodeWorkers; i++)
        {
            workers.Add(Add(new DecodeWorker(IdOf("decode", i), build(_context.Model, options), _context)));
        }

        return workers;
    }

    /// <summary>Loads the weights that the silo's engines share.</summary>
    private EngineBuilder CpuEngines(ExpertDirectory directory, CancellationToken cancellationToken)
    {
        KvMemoryBudget.Require(_context.Model.Checkpoint.Config, _context.Options, GC.GetGCMemoryInfo().TotalAvailableMemoryBytes);
        ModelWeights weights = ModelWeights.Load(
            _context.Model.Checkpoint, new WeightsOptions { IncludeRoutedExperts = !UsesShards, Format = _context.Model.Weights }, progress: null, cancellationToken);
        _owned.Add(weights);
        int built = 0;

        // Prefill workers are built first.
        return (_, _) => BuildEngine(weights, directory, built++);
    }

    private CpuEngine BuildEngine(ModelWeights weights, ExpertDirectory directory, int index)
    {
        WorkerOptions options = _context.Options;
        IExpertDispatcher?[] experts = [null, null];
        for (int i = 0; UsesShards && i < experts.Length; i++)
        {
            WorkerMetrics.Dispatcher metrics = index < options.PrefillWorkers
                ? _context.Metrics.ForDispatcher(IdOf("prefill", index), WorkerRole.Prefill)
                : _context.Metrics.ForDispatcher(IdOf("decode", index - options.PrefillWorkers), WorkerRole.Decode);
            ShardedExpertDispatcher sharded = new(directory, _catalog, _context.DataPlane, options.ExpertTimeout, _context.Time, options.ExpertWait, metrics);
            _owned.Add(sharded);
            experts[i] = sharded;
        }

        EngineOptions engine = new()
        {
            KvBlocks = options.KvBlocks,
            MaxBatchTokens = options.MaxBatchTokens,
            Threads = options.Threads,
            OverlapRows = options.OverlapRows,
            ExpertRows = _context.Model.ExpertRows,
        };
        return new CpuEngine(weights, engine, experts[0], experts[1]);
    }

    private WorkerId IdOf(string kind, int index) => new(_context.Options.Node, $"{kind}-{index}");

    private IWorker Add(IWorker worker)
    {
        worker.Start();
        _catalog.Add(worker);
        WorkerLog.Ready(_context.Logger, worker.Id);
        return worker;
    }

    /// <summary>Attention workers first: a step under way still needs the shards.</summary>
    private async Task StopWorkersAsync()
    {
        foreach (IWorker worker in _catalog.All.OrderBy(worker => worker is ExpertShard))
        {
            await worker.DisposeAsync();
        }

        foreach (IDisposable owned in Enumerable.Reverse(_owned))
        {
            owned.Dispose();
        }
    }
}
