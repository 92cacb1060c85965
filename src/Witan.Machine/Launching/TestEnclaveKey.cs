namespace Witan.Machine;

/// <summary>
/// The key that signs the test enclaves: RSA-3072 with e = 3, as SGX demands, which .NET does not generate. It is public on
/// purpose and protects nothing: any signer launches where launch control is flexible, and its MRSIGNER is nobody's.
/// </summary>
internal static class TestEnclaveKey
{
    /// <summary>The private key, PKCS#1, base64.</summary>
    public const string Pkcs1 = """
        MIIG4wIBAAKCAYEA1hkGfGle7/YwlrRY0uHcB2UIqdvw7oD5JvqbWMULV1svf88P
        PkdgcFYmF7k+sBF3dsZLaWrSiVlRjE37D4czlqZyI8vGBJq05ZzrPT8pE90gqx3o
        sPwk+U20uw4H/ZJhM0gtVukFiAgoQM81uoVX3PhBBkXOi1RxUOvL/0olBzPT+4fU
        s2zgVepN0ETmZrKvsMerkfxKvZD5B/sPe4xdZC36yqJUnwVNPl0WxmD96gaEzykM
        PE3A/LbGT5c9JnnZEWyVhu48iJpDpxT6sEI8LK0xHKOmvVXeqgSEtn7EXypYQPRo
        ksiw2lg5Yb63+SWTvUHMPKES4A2f1lNN1jsFxCgcZ8PgBYblz8gFu4eqzOsDUO7n
        8/cRAtaul1agIce1WFnXcqWBRT23NqvZU9bZglsBHNsVYkgnhNUV+UOBtjdovTHd
        YLxr+MVQebjeN27El2yih9hGz/a71p1H+IoVKY72pCoRTXhtttoK/WkhPYAFmVip
        kDYFmezvDJ/LHo/TAgEDAoIBgQCOu1moRj9KpCBkeDs3QT1aQ1sb5/X0VftvUbzl
        2LI6PMpVNLTUL5WgOW66e38gC6T52YebnIxbkOEIM/y1BM0PGaFtMoQDEc3uaJzT
        f3C36MByE/B1/W37iSMnXq/+YZYiMB458K5asBrV33knA4/opYCu2TRc4vY18of/
        hsNaIo1SWo3M80A5Rt6K2JmZzHUghR0L/YcpC1Cv/LT9CD5CyVHcbDhqA4jUPg8u
        61PxWa3fcLLS3oCoedmKZNNu++TS+uUOXsycYPJ2CerBaw/tAB6O+qdyduMOTHhK
        95FYKnWvaYYveLq0HFrdimZWD+vpZAHTe+UVF+vLZFdJUQf0UFm4EEGq9Y4UZ7pQ
        lMsEPspw1HMkWt7lD8EHP2lAKYmy9uUpyv8jh2kyij4oEc8SzyOoPYtDimW+/BAA
        M+o8AeCjm22VnrQRiHAKzlBDAz1gvqn+2b481mTCOdfdt7ZEot/dYQLFE3EDt2iU
        kP0n1woBQ/tqWc4bUg3uhzlZ7WsCgcEA94hpuJ/7vfqNm2oKom4R6verqIltJ64p
        klR9GFHtjgPstaEKow3m1+CyKpqAG/154MNhxZWM7BTSEi8poetMftXVTvSgWel/
        72vpOKub8LBTddQwfIFKJoIwMX2pn/CZuLhCG9Ym0HzPF815L27MVZwe8cfUAW1n
        bechMW2VX3aW+41h/rAFRUe07OTK5Lqf4dVoDbOY+57DhYYfeOAcwSxxbfUFHxyx
        g1yS9c//CzkoOI9D67B36+Sg0jbB1G0RAoHBAN1r1DjADeAOSlqcD+uzkl41V52i
        Pmn1YII9Uy25fMzmuwQ1FKiFsfRM/urUnlwQN/5oZ7nRrlRU7BMNoUZWLVbZwIS2
        3SstEMHAhQn83lXcgDHcCsDteIS83Nr52KGYzRMvPZge2791ylMPAuhNVpCILK62
        8HuLJ3hz3MeIDPy+AMw7VwGeWJkw83yemu4vSKR5O3veEHkWYS3AZLMWZwFuNWoj
        iAa+kq3qWyi/pnaETl7jbIT+2IUNOVSeM0M+owKBwQClBZvQaqfT/F5nnAcW9Avx
        +nJwW54adBu24v4QNp5erUh5FgcXXpnlQHbHEaq9U6aV15aDuQidYza2yhvBR4hU
        jo40oxWRRlVKR/DQcmf1yuJOjXWoVjFvAXV2U8ZqoGZ7JYFn5BngUzS6iPt09Ig5
        Er9L2o1WSO+emhYg87jqTw9SXkFUdVjY2nid7dyYfGqWjkVed7tSadeuWWpQlWiA
        yEueo1i/aHZXkwyj3/9c0MV7Ci1HyvqdQxXhedaNngsCgcEAk504JdVelV7cPGgK
        nSJhlCOPvmwpm/jrAX43c9D93e8nWCNjGwPL+DNUnI2+6ArP/vBFJovJjY3yt15r
        hDlzjzvVrc8+HMi11oBYsVM+4+hVdpKx1fOlrdM951E7FmXeDMopEBSSf6PcN19X
        RYjkYFrIdHn1p7IaUE092lqzUylV3Xzkq77lu3X3qGm8nsowbaYnp+lgULmWHoBD
        Ig7vVkl48W0FWdRhyUbncH/ETwLe6ezzA1SQWLN7jb7M138XAoHAUP9xhgnkH2A9
        rOuKO6jqvqVLnPN+ycl7vugcbDgmLU1Mg8Bez5KHiLdOfyiU/9+YDYp6er0j/2uV
        M96SOTbS4NWWGTo/wg4GXgLmd0Df93Teb9DG0TVE9zveXu/osmEsSqISrrCyeV7a
        nu4kPEYBFy+qJdsVjtYwPN/KchFrEN4ESQAZaEhdn35YFZt6QHw0LqyuiKbB4t/a
        D1SwS6A6mfhX4RcqZsdFv3HahvZOH6AK0bx79OOXcmL7X0wdwE1v
        """;
}
