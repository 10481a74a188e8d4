namespace OrleansServe.Cli.Bench.Serving.Workloads;

/// <summary>What numbers are drawn for. The values are part of what a seed means: they never change.</summary>
internal enum DrawPurpose
{
    /// <summary>Times between requests.</summary>
    Arrivals = 1,

    /// <summary>Tokens of prompts.</summary>
    InputLengths = 2,

    /// <summary>Tokens of answers.</summary>
    OutputLengths = 3,

    /// <summary>The tokens of a prompt; the subject is the request.</summary>
    PromptTokens = 4,

    /// <summary>The tokens of a prefix that prompts share; the subject is the prefix.</summary>
    PrefixTokens = 5,

    /// <summary>Which prefix a prompt begins with.</summary>
    PrefixChoice = 6,

    /// <summary>The tokens of a block of a trace; the subject is its hash id.</summary>
    TraceBlock = 7,

    /// <summary>The seeds of requests that sample.</summary>
    Sampling = 8,

    /// <summary>The prompts of requests that come before those measured.</summary>
    Warmup = 9,

    /// <summary>How hot experts are; the subject is the layer.</summary>
    ExpertLoads = 10,

    /// <summary>How experts' loads drift; the subject is the layer.</summary>
    ExpertDrift = 11,
}
