using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Abstractions.Workers;
using OrleansServe.Policies.Balancing;
using OrleansServe.Policies.Batching;
using OrleansServe.Policies.KvBlocks;

namespace OrleansServe.Grains.Scheduling;

/// <summary>The workers, and the requests that count against them: applies <see cref="AdmissionPolicy"/>.</summary>
/// <param name="workers">The workers.</param>
/// <param name="tenants">What each tenant has been served.</param>
/// <param name="limits">What they may be loaded with.</param>
/// <param name="retryAfter">What a refused client is told to wait.</param>
internal sealed class AdmissionBook(WorkerTable workers, TenantAccounts tenants, AdmissionLimits limits, TimeSpan retryAfter)
{
    private readonly Dictionary<Guid, AdmittedRequest> _admitted = [];

    /// <summary>Told what is admitted and what ends.</summary>
    public DemandCounter Demand { get; init; } = new();

    /// <summary>What is wrong with a request; null if nothing is.</summary>
    public static string? FaultOf(AdmissionRequest request)
    {
        if (request.PromptTokens < 1 || request.MaxTokens < 1 || request.PromptTokens > int.MaxValue - request.MaxTokens)
        {
            return $"prompt_tokens {request.PromptTokens} and max_tokens {request.MaxTokens} must be at least 1, and together at most {int.MaxValue}";
        }

        if (request.Samples is < 1 or > SampleId.MaxSamples)
        {
            return $"n {request.Samples} must be at least 1 and at most {SampleId.MaxSamples}";
        }

        int blocks = request.PromptTokens / KvBlockHasher.BlockTokens;
        return request.Avoid.IsDefault || request.BlockHashes.IsDefault || request.BlockHashes.Length > blocks
            ? $"a prompt of {request.PromptTokens} tokens has {blocks} full KV blocks, not the number of its hashes"
            : null;
    }

    public Admission Refusal(AdmissionOutcome outcome, string? reason) => new(outcome, default, default, reason, retryAfter);

    /// <summary>Admits or refuses a request.</summary>
    /// <param name="request">Without a fault.</param>
    /// <param name="gateway">Its gateway's address, where known.</param>
    /// <returns>Null if it has to wait.</returns>
    public Admission? TryAdmit(AdmissionRequest request, SiloAddress? gateway)
    {
        WorkerEntry[] prefill = Candidates(WorkerRole.Prefill, request);
        WorkerEntry[] decode = Candidates(WorkerRole.Decode, request);
        ServiceClass serviceClass = ServiceClasses.Of(request.Scheduling.Priority);
        workers.Router.Match(request.BlockHashes.AsSpan());
        PrefillCandidate[] prefillLoads = Array.ConvertAll(prefill, entry => entry.ToPrefillCandidate());
        DecodeCandidate[] decodeLoads = Array.ConvertAll(decode, entry => entry.ToDecodeCandidate(serviceClass));
        AdmissionDecision decision = AdmissionPolicy.Decide(request.PromptTokens, request.MaxTokens, prefillLoads, decodeLoads, limits, request.Samples);
        switch (decision.Verdict)
        {
            case AdmissionVerdict.Wait:
                return null;
            case AdmissionVerdict.NoWorkers:
                return Refusal(AdmissionOutcome.NoWorkers, decision.Reason + Foreign(request));
            case AdmissionVerdict.TooLarge:
                return Refusal(AdmissionOutcome.TooLarge, decision.Reason);
        }

        Complete(request.RequestId);
        WorkerEntry prefillEntry = prefill[decision.PrefillIndex];
        WorkerEntry decodeEntry = decode[decision.DecodeIndex];
        int cachedTokens = prefillLoads[decision.PrefillIndex].CachedBlocks * KvBlockHasher.BlockTokens;
        long tokens = request.PromptTokens - cachedTokens;
        prefillEntry.RecordPrompt(request.PromptTokens, cachedTokens);
        int blocks = BlockMath.BlocksExpected(request.PromptTokens, request.MaxTokens, limits.Overcommit, request.Samples);
        TenantAccount account = tenants.Enter(request.Scheduling.Tenant);
        AdmittedRequest admitted = new(request, account, gateway, prefillEntry, tokens, decodeEntry, blocks);
        admitted.Begin();

        // Prompts are charged as they are admitted, so that a burst does not go through as one; what follows is charged as workers report it.
        account.Charge(request.PromptTokens);
        _admitted[request.RequestId] = admitted;
        Demand.Admitted(request);
        return new Admission(AdmissionOutcome.Admitted, prefillEntry.Report.Worker, decodeEntry.Report.Worker, null, TimeSpan.Zero);
    }

    /// <summary>A request has ended.</summary>
    /// <returns>Whether it was admitted.</returns>
    public bool Complete(Guid requestId)
    {
        if (!_admitted.Remove(requestId, out AdmittedRequest? admitted))
        {
            return false;
        }

        admitted.End();
        Demand.Ended(admitted.Request);
        tenants.Leave(admitted.Account);
        return true;
    }

    /// <summary>Requests that <paramref name="isLive"/> does not hold for alive.</summary>
    public Guid[] FindOrphans(Func<AdmittedRequest, bool> isLive) => [.. _admitted.Where(pair => !isLive(pair.Value)).Select(pair => pair.Key)];

    /// <summary>What to add where there are no workers: in the middle of a roll-out there may be some, of the other version.</summary>
    private string Foreign(AdmissionRequest request) =>
        workers.All.Count(entry => entry.Report.Role is not WorkerRole.Expert && entry.Report.KvFormat != request.KvFormat) is > 0 and var foreign
            ? $" (there are {foreign} of other weights or another KV format)"
            : "";

    /// <summary>Workers of a role that can serve the request; those that are to stop, and those it asks to avoid, only if there are no others.</summary>
    private WorkerEntry[] Candidates(WorkerRole role, AdmissionRequest request)
    {
        WorkerEntry[] fitting = [.. workers.All.Where(entry => entry.Report.Role == role && entry.Report.KvFormat == request.KvFormat)];
        fitting = Prefer(fitting, entry => !entry.Report.Draining);
        return Prefer(fitting, entry => !request.Avoid.Contains(entry.Report.Worker));

        static WorkerEntry[] Prefer(WorkerEntry[] entries, Predicate<WorkerEntry> wanted) => Array.FindAll(entries, wanted) is { Length: > 0 } preferred ? preferred : entries;
    }
}
