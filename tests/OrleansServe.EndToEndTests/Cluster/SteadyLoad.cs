using OrleansServe.Protocol.V1;
using OrleansServe.TestKit.Clusters;

namespace OrleansServe.EndToEndTests.Cluster;

/// <summary>Requests without a pause, a few at a time, over the gateways that are there: as a service's endpoints come and go.</summary>
internal sealed class SteadyLoad
{
    private const int AtOnce = 8;

    private readonly Lock _lock = new();
    private readonly SortedList<string, InferenceService.InferenceServiceClient> _gateways = new(StringComparer.Ordinal);
    private readonly List<StreamRecord> _records = [];
    private TaskCompletionSource _more = New();

    /// <summary>How many have ended whole.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _records.Count;
            }
        }
    }

    /// <summary>Requests go to a gateway, too.</summary>
    public void Add(ClusterProcess gateway, InferenceService.InferenceServiceClient client)
    {
        lock (_lock)
        {
            _gateways[gateway.Name] = client;
        }
    }

    /// <summary>No more requests go to a gateway; those that it has run on.</summary>
    /// <returns>Its client; null for a process that is none of the gateways.</returns>
    public InferenceService.InferenceServiceClient? Remove(ClusterProcess gateway)
    {
        lock (_lock)
        {
            return _gateways.Remove(gateway.Name, out InferenceService.InferenceServiceClient? client) ? client : null;
        }
    }

    /// <summary>Waits until so many streams that <paramref name="which"/> holds for have ended.</summary>
    /// <param name="count">How many.</param>
    /// <param name="which">Which.</param>
    /// <param name="load">Fails where the load does.</param>
    public async Task WaitForAsync(int count, Func<StreamRecord, bool> which, Task load)
    {
        while (true)
        {
            Task more;
            lock (_lock)
            {
                if (_records.Count(which) >= count)
                {
                    return;
                }

                more = _more.Task;
            }

            if (await Task.WhenAny(more, load) == load)
            {
                await load;
                throw new InvalidOperationException("The load is over.");
            }
        }
    }

    /// <summary>Asks until it is told that it is over, and reads to the end what runs then.</summary>
    /// <returns>By the request's number.</returns>
    public async Task<IReadOnlyList<StreamRecord>> RunAsync(CancellationToken over)
    {
        List<Task<StreamRecord>> running = [];
        for (int next = 0; !over.IsCancellationRequested || running.Count > 0;)
        {
            while (running.Count < AtOnce && !over.IsCancellationRequested)
            {
                int number = next++;
                running.Add(StreamRecord.ReadAsync(Client(number).Chat(ClusterRequests.Of(number), cancellationToken: CancellationToken.None)));
            }

            StreamRecord record = await running[0];
            running.RemoveAt(0);
            lock (_lock)
            {
                _records.Add(record);
                _more.SetResult();
                _more = New();
            }
        }

        return _records;
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private InferenceService.InferenceServiceClient Client(int number)
    {
        lock (_lock)
        {
            return _gateways.Values[number % _gateways.Count];
        }
    }
}
