TOKEN=$(curl -s -u username:password "http://localhost:8080/v2/auth?service=localhost:8080" | jq -r '.token')
curl -s -H "Authorization: Bearer $TOKEN" "http://localhost:8080/v2/_catalog"                      # {"repositories":[]} on a fresh server
TOKEN=$(curl -s -u username:password "http://localhost:8080/v2/auth?service=localhost:8080&scope=repository:namespace/repo:pull" | jq -r '.token')   # a JWT
