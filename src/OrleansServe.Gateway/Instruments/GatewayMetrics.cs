using OrleansServe.Gateway.Tokens;
using Prometheus;

namespace OrleansServe.Gateway.Instruments;

/// <summary>What a gateway measures. Labels are the model's name and a fixed set of outcomes, never a request or a user.</summary>
internal sealed class GatewayMetrics
{
    private static readonly double[] Latencies = [.. Histogram.ExponentialBuckets(0.001, 1.8, 20)];
    private static readonly double[] Durations = [.. Histogram.ExponentialBuckets(0.01, 2, 18)];
    private static readonly string[] ModelLabel = ["model"];
    private static readonly string[] OutcomeLabels = ["model", "outcome"];
    private static readonly string[] ReasonLabels = ["model", "reason"];
    private readonly Counter.Child[] _requests;
    private readonly Counter _resumes;
    private readonly string _model;

    /// <param name="factory">Makes the instruments.</param>
    /// <param name="model">Name of the model served.</param>
    public GatewayMetrics(IMetricFactory factory, string model)
    {
        _model = model;
        // A series that appears with its first event has no rate at that event, and an alert on it would come late.
        Counter requests = factory.CreateCounter("orleansserve_requests_total", "Requests ended, by how they ended.", OutcomeLabels);
        _requests = [.. Enum.GetValues<RequestOutcome>().Select(outcome => requests.WithLabels(model, Name(outcome)))];
        _resumes = factory.CreateCounter("orleansserve_request_resumes_total", "Times that a sample went on elsewhere, by why it had to.", ReasonLabels);
        foreach (InboxEnd reason in (ReadOnlySpan<InboxEnd>)[InboxEnd.WorkerLost, InboxEnd.WorkerFailed, InboxEnd.HandedOver, InboxEnd.Stalled, InboxEnd.OutOfOrder])
        {
            _resumes.WithLabels(model, Name(reason));
        }

        ResumeStall = Observe(factory, "orleansserve_resume_stall_seconds", "From the last token before an interruption to the first one after it, as they reach the gateway.", Latencies);
        RequestsRunning = factory.CreateGauge("orleansserve_requests_running", "Requests in work.", ModelLabel).WithLabels(model);
        TimeToFirstToken = Observe(factory, "orleansserve_time_to_first_token_seconds", "From a request's arrival to its first token.", Latencies);
        InterTokenLatency = Observe(factory, "orleansserve_inter_token_latency_seconds", "Between one token of a request and the next, as they reach the gateway.", Latencies);
        RequestDuration = Observe(factory, "orleansserve_request_duration_seconds", "From a request's arrival to its end.", Durations);
        QueueTime = Observe(factory, "orleansserve_queue_seconds", "Time that a request waited for admission and in its prefill worker's queue.", Latencies);
        PromptTokens = Count(factory, "orleansserve_prompt_tokens_total", "Prompt tokens of requests that got their first token.");
        CachedPromptTokens = Count(factory, "orleansserve_cached_prompt_tokens_total", "Prompt tokens that came from a prefix cache.");
        CompletionTokens = Count(factory, "orleansserve_completion_tokens_total", "Tokens produced.");
        ReasoningTokens = Count(factory, "orleansserve_reasoning_tokens_total", "Tokens produced that were reasoning.");
        NoticesGivenUp = Count(factory, "orleansserve_unconfirmed_notices_total", "Ends of requests that were told to a worker or the scheduler and not confirmed, however often they were repeated.");
        Retries = Count(factory, "orleansserve_request_retries_total", "Times that a request had to ask for other workers.");
    }

    /// <summary>Requests in work.</summary>
    public Gauge.Child RequestsRunning { get; }

    /// <summary>From a request's arrival to its first token.</summary>
    public Histogram.Child TimeToFirstToken { get; }

    /// <summary>Between one token of a request and the next.</summary>
    public Histogram.Child InterTokenLatency { get; }

    /// <summary>From a request's arrival to its end.</summary>
    public Histogram.Child RequestDuration { get; }

    /// <summary>From the last token before an interruption to the first one after it.</summary>
    public Histogram.Child ResumeStall { get; }

    /// <summary>Time spent waiting.</summary>
    public Histogram.Child QueueTime { get; }

    /// <summary>Prompt tokens of requests that got their first token.</summary>
    public Counter.Child PromptTokens { get; }

    /// <summary>Prompt tokens that came from a prefix cache.</summary>
    public Counter.Child CachedPromptTokens { get; }

    /// <summary>Tokens produced.</summary>
    public Counter.Child CompletionTokens { get; }

    /// <summary>Tokens produced that were reasoning.</summary>
    public Counter.Child ReasoningTokens { get; }

    /// <summary>Ends of requests that nobody has confirmed.</summary>
    public Counter.Child NoticesGivenUp { get; }

    /// <summary>Times that a request had to ask for other workers.</summary>
    public Counter.Child Retries { get; }

    /// <summary>Counts a request that has ended.</summary>
    public void Ended(RequestOutcome outcome) => _requests[(int)outcome].Inc();

    /// <summary>Counts a sample that goes on elsewhere.</summary>
    public void Resumed(InboxEnd reason) => _resumes.WithLabels(_model, Name(reason)).Inc();

    private static string Name(InboxEnd reason) => reason switch
    {
        InboxEnd.WorkerLost => "worker_lost",
        InboxEnd.WorkerFailed => "worker_failed",
        InboxEnd.HandedOver => "handed_over",
        InboxEnd.Stalled => "stalled",
        _ => "out_of_order",
    };

    private static string Name(RequestOutcome outcome) => outcome switch
    {
        RequestOutcome.Stop => "stop",
        RequestOutcome.Length => "length",
        RequestOutcome.Invalid => "invalid",
        RequestOutcome.Overloaded => "overloaded",
        RequestOutcome.Unavailable => "unavailable",
        RequestOutcome.Cancelled => "cancelled",
        RequestOutcome.DeadlineExceeded => "deadline_exceeded",
        _ => "internal",
    };

    private Histogram.Child Observe(IMetricFactory factory, string name, string help, double[] buckets) =>
        factory.CreateHistogram(name, help, ModelLabel, new HistogramConfiguration { Buckets = buckets }).WithLabels(_model);

    private Counter.Child Count(IMetricFactory factory, string name, string help) =>
        factory.CreateCounter(name, help, ModelLabel).WithLabels(_model);
}
