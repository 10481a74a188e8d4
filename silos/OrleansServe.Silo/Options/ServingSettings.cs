using System.Globalization;

namespace OrleansServe.Silo.Options;

/// <summary>The settings of <see cref="ServingOptions"/>.</summary>
internal static class ServingSettings
{
    private const int LongestMs = 3_600_000;

    public static IReadOnlyList<SiloSetting> All { get; } =
    [
        Of("InteractiveTtftMs", "--interactive-ttft-ms", "MS", "Time to the first token promised to interactive requests (default 1000)", (s, v) => s with { InteractiveFirstToken = Milliseconds(v, 1, LongestMs) }),
        Of("InteractiveItlMs", "--interactive-itl-ms", "MS", "Time between tokens promised to interactive requests (default 50)", (s, v) => s with { InteractiveBetweenTokens = Milliseconds(v, 1, LongestMs) }),
        Of("StandardTtftMs", "--standard-ttft-ms", "MS", "Time to the first token promised to standard requests (default 5000)", (s, v) => s with { StandardFirstToken = Milliseconds(v, 1, LongestMs) }),
        Of("StandardItlMs", "--standard-itl-ms", "MS", "Time between tokens promised to standard requests (default 200)", (s, v) => s with { StandardBetweenTokens = Milliseconds(v, 1, LongestMs) }),
        Of("BatchTtftMs", "--batch-ttft-ms", "MS", "Time to the first token promised to batch requests (default 30000)", (s, v) => s with { BatchFirstToken = Milliseconds(v, 1, LongestMs) }),
        Of("BatchItlMs", "--batch-itl-ms", "MS", "Time between tokens promised to batch requests (default 2000)", (s, v) => s with { BatchBetweenTokens = Milliseconds(v, 1, LongestMs) }),
        Of("Overcommit", "--overcommit", "SHARE", "Share of max_tokens that requests are expected not to use; 0 keeps room for all (default 0.75)", (s, v) => s with { Overcommit = Share(v) }),
        Of("PromptFloor", "--prompt-floor", "N", "Tokens of prompts that a step takes at least beside streams (default 64)", (s, v) => s with { PromptFloor = SiloSetting.Number(v, 1, 1 << 16) }),
        Of("MaxQueuedRequests", "--max-queued-requests", "N", "Requests that wait for admission at most (default 512)", (s, v) => s with { MaxQueuedRequests = SiloSetting.Number(v, 0, 1 << 20) }),
        Of("MaxQueueMs", "--max-queue-ms", "MS", "Longest wait for admission (default 60000)", (s, v) => s with { MaxQueueTime = Milliseconds(v, 0, 80_000) }),
        Of("MaxQueuedTokens", "--max-queued-tokens", "N", "Prompt tokens queued at one prefill worker at most (default 8192)", (s, v) => s with { MaxQueuedTokens = SiloSetting.Number(v, 1, int.MaxValue) }),
        Of("MaxConcurrentRequests", "--max-concurrent-requests", "N", "Requests in work at one gateway at most (default 1024)", (s, v) => s with { MaxConcurrentRequests = SiloSetting.Number(v, 1, 65_536) }),
        Of("MaxRequestBytes", "--max-request-bytes", "N", "Largest request message in bytes (default 16777216)", (s, v) => s with { MaxRequestBytes = SiloSetting.Number(v, 1024, 32 * 1024 * 1024) }),
        Of("PrefillSilenceMs", "--prefill-silence-ms", "MS", "Longest silence of a prefill worker that has a prompt before it is taken for gone; at least 3000, since it speaks every two seconds (default 15000)", (s, v) => s with { PrefillSilence = Milliseconds(v, 3000, LongestMs) }),
        Of("TokenTimeoutMs", "--token-timeout-ms", "MS", "Longest pause between two tokens before a worker is taken for gone (default 60000)", (s, v) => s with { TokenTimeout = Milliseconds(v, 1, LongestMs) }),
        Of("MaxResumes", "--max-resumes", "N", "How often a request may lose its worker and go on elsewhere (default 5)", (s, v) => s with { MaxResumes = SiloSetting.Number(v, 0, 64) }),
        Of("ResumeTimeoutMs", "--resume-timeout-ms", "MS", "How long an interrupted request asks for workers (default 30000)", (s, v) => s with { ResumeTimeout = Milliseconds(v, 1, LongestMs) }),
    ];

    private static SiloSetting Of(string key, string flag, string value, string help, Func<ServingOptions, string, ServingOptions> apply) =>
        new(key, flag, value, help, (options, text) => options with { Serving = apply(options.Serving, text) });

    private static TimeSpan Milliseconds(string text, int low, int high) => TimeSpan.FromMilliseconds(SiloSetting.Number(text, low, high));

    private static double Share(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && value >= 0 && value <= 1
            ? value
            : throw new FormatException($"must be a number in 0..1, not '{text}'");
}
