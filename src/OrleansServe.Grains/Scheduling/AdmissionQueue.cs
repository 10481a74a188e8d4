using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Policies.Balancing;
using OrleansServe.Policies.Batching;

namespace OrleansServe.Grains.Scheduling;

/// <summary>
/// Requests that wait for room, served in the order of <see cref="Ranks.ByService"/>. One that finds no room yet may be overtaken by a few that do,
/// until it is due: so no large request is starved by small ones, and none keeps the others back before its time.
/// </summary>
/// <param name="tenants">What each tenant has been served.</param>
/// <param name="limit">How many may wait.</param>
/// <param name="targets">What the classes are promised.</param>
internal sealed class AdmissionQueue(TenantAccounts tenants, int limit, ServiceTargets targets)
{
    /// <summary>How many may be passed over in one go: each is held against every worker.</summary>
    private const int MaxPassedOver = 16;

    private readonly List<PendingAdmission> _waiting = [];
    private long _orders;

    public int Count => _waiting.Count;

    public bool IsFull => _waiting.Count >= limit;

    public IEnumerable<PendingAdmission> Waiting => _waiting;

    public int CountOf(ServiceClass serviceClass) => _waiting.Count(pending => pending.Class == serviceClass);

    /// <summary>Makes an entry for a request that arrives; it does not wait yet.</summary>
    public PendingAdmission Open(AdmissionRequest request, TimeSpan now)
    {
        ServiceClass serviceClass = ServiceClasses.Of(request.Scheduling.Priority);
        return new PendingAdmission(request, serviceClass, tenants.Enter(request.Scheduling.Tenant), ++_orders, now, request.IsResume ? now : now + targets.Of(serviceClass).FirstToken);
    }

    /// <summary>The entry is done with, however it was answered.</summary>
    public void Close(PendingAdmission pending)
    {
        _waiting.Remove(pending);
        tenants.Leave(pending.Account);
    }

    public void Add(PendingAdmission pending) => _waiting.Add(pending);

    public void Remove(PendingAdmission pending) => _waiting.Remove(pending);

    /// <summary>The entry of a request that waits; null if it does not.</summary>
    public PendingAdmission? Find(Guid requestId) => _waiting.Find(pending => pending.Request.RequestId == requestId);

    /// <summary>Who gives up its place in a full queue for a newcomer; null if the newcomer is to be refused.</summary>
    public PendingAdmission? Displace(PendingAdmission newcomer)
    {
        Dictionary<string, int> requests = new(StringComparer.Ordinal) { [newcomer.Account.Tenant] = 1 };
        foreach (PendingAdmission pending in _waiting)
        {
            requests[pending.Account.Tenant] = requests.GetValueOrDefault(pending.Account.Tenant) + 1;
        }

        QueuedRequest[] queue = [.. _waiting.Select(Describe)];
        int chosen = OverflowPolicy.Choose(queue, Describe(newcomer));
        return chosen < 0 ? null : _waiting[chosen];

        QueuedRequest Describe(PendingAdmission pending) => new(pending.Class, requests[pending.Account.Tenant], pending.Order);
    }

    /// <summary>Those that have waited too long, the longest first.</summary>
    public PendingAdmission[] Expired(TimeSpan now, TimeSpan longest) => [.. _waiting.Where(pending => now - pending.Arrived > longest)];

    /// <summary>Answers everyone, whose turn it is or not.</summary>
    public void AnswerAll(Func<PendingAdmission, bool> tryAnswer)
    {
        foreach (PendingAdmission pending in _waiting.ToArray())
        {
            tryAnswer(pending);
        }
    }

    /// <summary>Answers those whose turn it is.</summary>
    /// <param name="now">The scheduler's clock.</param>
    /// <param name="tryAnswer">Answers one and removes it; false if it has to wait.</param>
    public void Drain(TimeSpan now, Func<PendingAdmission, bool> tryAnswer)
    {
        int passedOver = 0;
        foreach (PendingAdmission pending in InOrder(now))
        {
            if (!tryAnswer(pending) && (pending.Due <= now || ++passedOver == MaxPassedOver))
            {
                return;
            }
        }
    }

    private PendingAdmission[] InOrder(TimeSpan now)
    {
        if (_waiting.Count < 2)
        {
            return [.. _waiting];
        }

        BatchCandidate[] candidates = [.. _waiting.Select(pending => new BatchCandidate(
            pending.Class, pending.Order, pending.Due, pending.Account.Served, IsStream: false, 1, 0, 0))];
        int[] order = new int[candidates.Length];
        Ranks.ByService(candidates, now, order);
        return Array.ConvertAll(order, index => _waiting[index]);
    }
}
