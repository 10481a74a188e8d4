using OrleansServe.Abstractions.Scheduling;
using OrleansServe.Policies.Batching;

namespace OrleansServe.Grains.Scheduling;

/// <summary>A request under way, as it counts against its workers.</summary>
/// <param name="request">The request.</param>
/// <param name="account">Its tenant's.</param>
/// <param name="gateway">Its gateway's address when it was admitted: a silo that comes back under its name is another one. Null where it was not known yet.</param>
/// <param name="prefill">The prefill worker.</param>
/// <param name="tokens">Tokens that it brings there.</param>
/// <param name="decode">The decode worker.</param>
/// <param name="blocks">KV blocks kept free for it there.</param>
internal sealed class AdmittedRequest(
    AdmissionRequest request, TenantAccount account, SiloAddress? gateway, WorkerEntry prefill, long tokens, WorkerEntry decode, int blocks)
{
    public AdmissionRequest Request { get; } = request;

    public TenantAccount Account { get; } = account;

    public SiloAddress? Gateway { get; } = gateway;

    public WorkerEntry Decode { get; } = decode;

    /// <summary>Counts it.</summary>
    public void Begin()
    {
        prefill.Expect(Request.RequestId, tokens, 0);
        Decode.Expect(Request.RequestId, 0, blocks);
        Decode.AdmittedBlocks += blocks;
        Decode.AdmittedRequests += Request.Samples;
    }

    /// <summary>Counts it no more.</summary>
    public void End()
    {
        prefill.Forget(Request.RequestId);
        Decode.Forget(Request.RequestId);
        Decode.AdmittedBlocks -= blocks;
        Decode.AdmittedRequests -= Request.Samples;
    }
}
